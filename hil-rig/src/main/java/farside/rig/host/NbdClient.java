package farside.rig.host;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;

/// One connection of a host to one volume, by NBD: fixed newstyle, `GO`, simple replies.
///
/// Requests may be sent ahead: [#submitWrite] and its kin return a cookie at once, and
/// [#awaitReply]
/// returns the next reply of whichever request. One thread may submit while another awaits. The
/// blocking
/// calls are for a single thread with nothing else outstanding.
public final class NbdClient implements Closeable {
  private static final long NBDMAGIC = 0x4e42444d41474943L;
  private static final long IHAVEOPT = 0x49484156454F5054L;
  private static final long OPTION_REPLY_MAGIC = 0x0003e889045565a9L;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int REPLY_MAGIC = 0x67446698;
  private static final int FIXED_NEWSTYLE_AND_NO_ZEROES = 3;
  private static final int OPTION_GO = 7;
  private static final int REPLY_ACK = 1;
  private static final int REPLY_INFO = 3;
  private static final int INFO_EXPORT = 0;
  private static final int FLAG_READ_ONLY = 1 << 1;
  private static final int COMMAND_FLAG_FUA = 1;
  private static final int READ = 0;
  private static final int WRITE = 1;
  private static final int DISCONNECT = 2;
  private static final int FLUSH = 3;
  private static final int TRIM = 4;
  private static final int WRITE_ZEROES = 6;
  private static final int OPTION_REPLY_MAX_BYTES = 8192;

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final ConcurrentHashMap<Long, Integer> readLengths = new ConcurrentHashMap<>();
  private long sizeBytes;
  private int transmissionFlags;
  private long nextCookie = 1;

  /// The end of a request.
  ///
  /// @param error 0 for success, else the protocol's number
  /// @param data what was read; empty for any other command
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  public record Reply(long cookie, int error, byte[] data) {}

  private NbdClient(Socket socket) throws IOException {
    this.socket = socket;
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
    out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), 1 << 16));
  }

  /// @param timeoutMs how long to wait for the connection, and for every reply after it
  public static NbdClient connect(InetSocketAddress address, String export, int timeoutMs)
      throws IOException {
    Socket socket = new Socket();
    try {
      socket.setOption(StandardSocketOptions.TCP_NODELAY, true);
      socket.connect(address, timeoutMs);
      socket.setSoTimeout(timeoutMs);
      NbdClient client = new NbdClient(socket);
      client.go(export);
      return client;
    } catch (IOException | RuntimeException failure) {
      socket.close();
      throw failure;
    }
  }

  private void go(String export) throws IOException {
    require(
        in.readLong() == NBDMAGIC && in.readLong() == IHAVEOPT,
        "this is not an NBD server of newstyle");
    in.readUnsignedShort();
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    out.writeInt(FIXED_NEWSTYLE_AND_NO_ZEROES);
    out.writeLong(IHAVEOPT);
    out.writeInt(OPTION_GO);
    out.writeInt(4 + name.length + 2);
    out.writeInt(name.length);
    out.write(name);
    out.writeShort(0);
    out.flush();
    boolean exportSeen = false;
    while (true) {
      require(
          in.readLong() == OPTION_REPLY_MAGIC && in.readInt() == OPTION_GO,
          "option reply out of step");
      int type = in.readInt();
      int lengthBytes = in.readInt();
      require(lengthBytes >= 0 && lengthBytes <= OPTION_REPLY_MAX_BYTES, "option reply too long");
      byte[] data = in.readNBytes(lengthBytes);
      require(data.length == lengthBytes, "connection ended in an option reply");
      if (type == REPLY_ACK) {
        require(exportSeen, "the server did not say how large the export is");
        return;
      }
      if (type < 0) {
        throw new NbdException(
            "export %s refused: %s".formatted(export, new String(data, StandardCharsets.UTF_8)), 0);
      }
      if (type == REPLY_INFO && lengthBytes == 12 && data[0] == 0 && data[1] == INFO_EXPORT) {
        ByteBuffer info = ByteBuffer.wrap(data);
        sizeBytes = info.getLong(2);
        transmissionFlags = info.getShort(10);
        exportSeen = true;
      }
    }
  }

  public long sizeBytes() {
    return sizeBytes;
  }

  public boolean isReadOnly() {
    return (transmissionFlags & FLAG_READ_ONLY) != 0;
  }

  public long submitRead(long offsetBytes, int lengthBytes) throws IOException {
    readLengths.put(nextCookie, lengthBytes);
    return submit(READ, 0, offsetBytes, lengthBytes, null);
  }

  public long submitWrite(long offsetBytes, byte[] data, boolean forceUnitAccess)
      throws IOException {
    return submit(WRITE, forceUnitAccess ? COMMAND_FLAG_FUA : 0, offsetBytes, data.length, data);
  }

  public long submitFlush() throws IOException {
    return submit(FLUSH, 0, 0, 0, null);
  }

  private long submit(int command, int flags, long offsetBytes, int lengthBytes, byte[] data)
      throws IOException {
    long cookie = nextCookie++;
    out.writeInt(REQUEST_MAGIC);
    out.writeShort(flags);
    out.writeShort(command);
    out.writeLong(cookie);
    out.writeLong(offsetBytes);
    out.writeInt(lengthBytes);
    if (data != null) {
      out.write(data);
    }
    out.flush();
    return cookie;
  }

  /// The next reply, whichever request it ends.
  public Reply awaitReply() throws IOException {
    require(in.readInt() == REPLY_MAGIC, "reply out of step");
    int error = in.readInt();
    long cookie = in.readLong();
    Integer lengthBytes = readLengths.remove(cookie);
    byte[] data = new byte[0];
    if (lengthBytes != null && error == 0) {
      data = new byte[lengthBytes];
      in.readFully(data);
    }
    return new Reply(cookie, error, data);
  }

  public byte[] read(long offsetBytes, int lengthBytes) throws IOException {
    submitRead(offsetBytes, lengthBytes);
    return succeeded("read", offsetBytes).data();
  }

  public void write(long offsetBytes, byte[] data) throws IOException {
    submitWrite(offsetBytes, data, false);
    succeeded("write", offsetBytes);
  }

  public void trim(long offsetBytes, int lengthBytes) throws IOException {
    submit(TRIM, 0, offsetBytes, lengthBytes, null);
    succeeded("trim", offsetBytes);
  }

  public void writeZeroes(long offsetBytes, int lengthBytes) throws IOException {
    submit(WRITE_ZEROES, 0, offsetBytes, lengthBytes, null);
    succeeded("write zeroes", offsetBytes);
  }

  public void flush() throws IOException {
    submitFlush();
    succeeded("flush", 0);
  }

  private Reply succeeded(String what, long offsetBytes) throws IOException {
    Reply reply = awaitReply();
    if (reply.error() != 0) {
      throw new NbdException(
          "%s at byte %d failed with error %d".formatted(what, offsetBytes, reply.error()),
          reply.error());
    }
    return reply;
  }

  /// Leaves in good order.
  public void disconnect() throws IOException {
    submit(DISCONNECT, 0, 0, 0, null);
    close();
  }

  /// Leaves without a word, as a host that crashes.
  @Override
  public void close() throws IOException {
    socket.close();
  }

  private static void require(boolean holds, String what) throws NbdException {
    if (!holds) {
      throw new NbdException(what, 0);
    }
  }
}
