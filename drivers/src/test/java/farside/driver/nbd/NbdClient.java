package farside.driver.nbd;

import farside.protocol.nbd.MetaContext;
import farside.protocol.nbd.NbdCommand;
import farside.protocol.nbd.NbdOption;
import farside.protocol.nbd.NbdOptionReply;
import farside.protocol.nbd.OptionFlyweight;
import farside.protocol.nbd.RequestFlyweight;
import farside.protocol.nbd.SimpleReplyFlyweight;
import farside.protocol.nbd.StructuredReplyFlyweight;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.UnsafeBuffer;

/// A client on a plain blocking socket, that says good and bad things.
final class NbdClient implements AutoCloseable {
  private static final int TIMEOUT_MS = 10_000;

  final Socket socket = new Socket();
  final DataInputStream in;
  final OutputStream out;
  long sizeBytes;
  int transmissionFlags;

  NbdClient(InetSocketAddress address) throws IOException {
    socket.setReceiveBufferSize(64 * 1024);
    socket.connect(address, TIMEOUT_MS);
    socket.setSoTimeout(TIMEOUT_MS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 * 1024));
    out = socket.getOutputStream();
  }

  /// Connects and opens the export in the old way, which needs no replies to be taken apart.
  static NbdClient opened(InetSocketAddress address, String export) throws IOException {
    NbdClient client = new NbdClient(address);
    client.greet();
    client.option(1, export.getBytes(StandardCharsets.UTF_8));
    client.sizeBytes = client.in.readLong();
    client.transmissionFlags = client.in.readUnsignedShort();
    return client;
  }

  /// Agrees on structured replies, chooses `base:allocation`, and opens the export.
  static NbdClient structured(InetSocketAddress address, String export) throws IOException {
    NbdClient client = new NbdClient(address);
    client.greet();
    client.openStructured(export);
    return client;
  }

  void openStructured(String export) throws IOException {
    option(NbdOption.STRUCTURED_REPLY.number(), new byte[0]);
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    byte[] context = MetaContext.ALLOCATION.getBytes(StandardCharsets.UTF_8);
    option(
        NbdOption.SET_META_CONTEXT.number(),
        ByteBuffer.allocate(12 + name.length + context.length)
            .putInt(name.length)
            .put(name)
            .putInt(1)
            .putInt(context.length)
            .put(context)
            .array());
    option(
        NbdOption.GO.number(),
        ByteBuffer.allocate(6 + name.length).putInt(name.length).put(name).array());
    for (int acknowledged = 0; acknowledged < 3; ) {
      acknowledged += readOptionReply() == NbdOptionReply.ACK.number() ? 1 : 0;
    }
  }

  /// Reads one reply to an option, and returns its type.
  int readOptionReply() throws IOException {
    in.skipNBytes(12);
    int type = in.readInt();
    in.skipNBytes(in.readInt());
    return type;
  }

  /// One chunk of a structured reply: its header, then what it holds.
  record Chunk(boolean isLast, int type, long cookie, ByteBuffer content) {}

  Chunk readChunk() throws IOException {
    byte[] header = new byte[StructuredReplyFlyweight.LENGTH_BYTES];
    in.readFully(header);
    StructuredReplyFlyweight chunk =
        new StructuredReplyFlyweight().wrap(new UnsafeBuffer(header), 0);
    if (chunk.magic() != StructuredReplyFlyweight.MAGIC) {
      throw new AssertionError("no chunk: magic " + Integer.toHexString(chunk.magic()));
    }
    byte[] content = new byte[chunk.contentBytes()];
    in.readFully(content);
    return new Chunk(chunk.isLast(), chunk.type(), chunk.cookie(), ByteBuffer.wrap(content));
  }

  void greet() throws IOException {
    in.skipNBytes(18);
    out.write(new byte[] {0, 0, 0, 3});
  }

  void option(int option, byte[] data) throws IOException {
    UnsafeBuffer header = new UnsafeBuffer(new byte[OptionFlyweight.LENGTH_BYTES]);
    OptionFlyweight.put(header, 0, option, data.length);
    out.write(header.byteArray());
    out.write(data);
  }

  static byte[] request(
      NbdCommand command, int flags, long cookie, long offsetBytes, long lengthBytes) {
    UnsafeBuffer header = new UnsafeBuffer(new byte[RequestFlyweight.LENGTH_BYTES]);
    RequestFlyweight.put(header, 0, flags, command.number(), cookie, offsetBytes, lengthBytes);
    return header.byteArray();
  }

  void send(NbdCommand command, long cookie, long offsetBytes, long lengthBytes)
      throws IOException {
    send(command, 0, cookie, offsetBytes, lengthBytes);
  }

  void send(NbdCommand command, int flags, long cookie, long offsetBytes, long lengthBytes)
      throws IOException {
    out.write(request(command, flags, cookie, offsetBytes, lengthBytes));
  }

  void write(long cookie, long offsetBytes, byte[] payload) throws IOException {
    send(NbdCommand.WRITE, cookie, offsetBytes, payload.length);
    out.write(payload);
  }

  SimpleReplyFlyweight readReply() throws IOException {
    byte[] header = new byte[SimpleReplyFlyweight.LENGTH_BYTES];
    in.readFully(header);
    SimpleReplyFlyweight reply = new SimpleReplyFlyweight().wrap(new UnsafeBuffer(header), 0);
    if (reply.magic() != SimpleReplyFlyweight.MAGIC) {
      throw new AssertionError("no reply: magic " + Integer.toHexString(reply.magic()));
    }
    return reply;
  }

  /// Reads one reply's header and returns its error.
  int expectReply(long cookie) throws IOException {
    SimpleReplyFlyweight reply = readReply();
    if (reply.cookie() != cookie) {
      throw new AssertionError("expected a reply for " + cookie + ", got " + reply.cookie());
    }
    return reply.error();
  }

  byte[] expectData(long cookie, int lengthBytes) throws IOException {
    int error = expectReply(cookie);
    if (error != 0) {
      throw new AssertionError("read " + cookie + " ended with " + error);
    }
    byte[] data = new byte[lengthBytes];
    in.readFully(data);
    return data;
  }

  byte[] read(long cookie, long offsetBytes, int lengthBytes) throws IOException {
    send(NbdCommand.READ, cookie, offsetBytes, lengthBytes);
    return expectData(cookie, lengthBytes);
  }

  /// True once the server has closed its half, and everything before that was read.
  boolean expectEnd() throws IOException {
    try {
      in.readByte();
      return false;
    } catch (EOFException | SocketException ended) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
