"""A conversation with qemu's monitor over its standard input and output."""

import json
import queue
import threading

from .failure import Failure


class Monitor:
    """Commands are answered in turn; events are kept in the order in which they came."""

    def __init__(self, process, name):
        self._process = process
        self._name = name
        self._arrived = queue.Queue()
        self.events = []
        threading.Thread(target=self._listen, daemon=True).start()
        self._next("greeting", 10)
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """The answer to a command; Failure if it is an error."""
        request = {"execute": command, "arguments": arguments}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Failure(f"{self._name} does not take the command {command}: {error}") from error
        while True:
            message = self._next(command, 30)
            if "event" in message:
                self.events.append(message)
            elif "error" in message:
                raise Failure(f"{self._name} refused {command}: {message['error'].get('desc', message['error'])}")
            else:
                return message["return"]

    def await_event(self, name, timeout_seconds):
        """Waits for the first event of that name since the monitor was opened."""
        while not any(event["event"] == name for event in self.events):
            message = self._next(name, timeout_seconds)
            if "event" in message:
                self.events.append(message)

    def _listen(self):
        try:
            for line in self._process.stdout:
                self._arrived.put(line)
        except ValueError:
            pass  # The stream was closed: the run is over.
        self._arrived.put(None)

    def _next(self, awaited, timeout_seconds):
        try:
            line = self._arrived.get(timeout=timeout_seconds)
        except queue.Empty:
            raise Failure(f"{self._name} said nothing for {timeout_seconds} s; {awaited} was awaited") from None
        if line is None:
            raise Failure(f"{self._name} ended while {awaited} was awaited")
        try:
            return json.loads(line)
        except json.JSONDecodeError as error:
            raise Failure(f"{self._name} said what is no QMP: {line.strip()}") from error
