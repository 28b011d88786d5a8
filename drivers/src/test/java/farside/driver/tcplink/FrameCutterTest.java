package farside.driver.tcplink;

import static org.assertj.core.api.Assertions.assertThat;

import farside.port.Memory;
import farside.protocol.link.FrameHeaderFlyweight;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameCutterTest {
  private static final long SEED = 4_107L;

  private final FrameCutter cutter = new FrameCutter();
  private final List<ByteBuf> given = new ArrayList<>();

  @Test
  void theSameFramesComeOutHoweverTheBytesArriveInPieces() {
    for (int round = 0; round < 24; round++) {
      long seed = SEED + round;
      Random random = new Random(seed);
      List<byte[]> frames = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        frames.add(TestFrames.anyFrame(i, random));
      }
      byte[] stream = concat(frames);
      int pieceBytesMax = 1 + random.nextInt(round % 3 == 0 ? 40 : 200_000);
      FrameCutter each = new FrameCutter();
      List<byte[]> cut = new ArrayList<>();
      for (int at = 0; at < stream.length; ) {
        int pieceBytes = Math.min(stream.length - at, 1 + random.nextInt(pieceBytesMax));
        add(each, Arrays.copyOfRange(stream, at, at + pieceBytes), random.nextBoolean());
        at += pieceBytes;
        if (random.nextInt(3) > 0) {
          cutAll(each, cut);
        }
      }
      cutAll(each, cut);

      assertThat(cut)
          .as("seed %d", seed)
          .usingElementComparator(Arrays::compare)
          .isEqualTo(frames);
      assertThat(each.queuedBytes()).as("seed %d", seed).isZero();
      assertThat(each.fault()).isEmpty();
      each.release();
      assertThat(given)
          .as("seed %d: every buffer is given back", seed)
          .allMatch(bytes -> bytes.refCnt() == 0);
      given.clear();
    }
  }

  @Test
  void theSameFramesComeOutWhereverTheStreamIsCutInTwoAndWhereverPayloadIsPut() {
    Random random = new Random(SEED);
    int longBytes = FrameCutter.LONG_PAYLOAD_BYTES;
    List<byte[]> frames = List.of(
        TestFrames.frame(0, 30, 100, random),
        TestFrames.frame(1, 30, longBytes, random),
        TestFrames.frame(2, 0, longBytes + 1, random),
        TestFrames.frame(3, 18, 0, random));
    byte[] stream = concat(frames);
    for (int at = 0; at <= stream.length; at += at % 5000 < 200 ? 1 : 7) {
      FrameCutter each = new FrameCutter();
      List<byte[]> cut = new ArrayList<>();
      feed(each, stream, new int[] {at, stream.length}, at % 3, cut);
      assertThat(cut).as("cut at %d", at).hasSize(frames.size());
      for (int i = 0; i < cut.size(); i++) {
        assertThat(Arrays.equals(cut.get(i), frames.get(i))).as("cut at %d", at).isTrue();
      }
      assertThat(each.queuedBytes()).isZero();
      each.release();
      assertThat(given).allMatch(bytes -> bytes.refCnt() == 0);
      given.clear();
    }
  }

  @Test
  void payloadOfAnyLengthFindsItsPlaceHoweverTheBytesArriveInPieces() {
    for (int round = 0; round < 24; round++) {
      Random random = new Random(SEED + round);
      List<byte[]> frames = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        frames.add(TestFrames.anyFrame(i, random));
      }
      byte[] stream = concat(frames);
      int pieceBytesMax = 1 + random.nextInt(100_000);
      int[] ends = random
          .ints(stream.length / pieceBytesMax + 1, 0, stream.length)
          .sorted()
          .toArray();
      ends = Arrays.copyOf(ends, ends.length + 1);
      ends[ends.length - 1] = stream.length;
      FrameCutter each = new FrameCutter();
      List<byte[]> cut = new ArrayList<>();
      feed(each, stream, ends, round % 3, cut);
      assertThat(cut)
          .as("seed %d", SEED + round)
          .usingElementComparator(Arrays::compare)
          .isEqualTo(frames);
      assertThat(each.queuedBytes()).isZero();
      each.release();
    }
  }

  /// Gives the stream in pieces that end there. Payloads get a place, all but each third; what
  /// lacks of it when a piece ends is put there past the cutter, by turns.
  private void feed(FrameCutter target, byte[] stream, int[] ends, int turn, List<byte[]> into) {
    int heads = turn;
    int from = 0;
    MemorySegment place = null;
    for (int end : ends) {
      if (end <= from) {
        continue;
      }
      add(target, Arrays.copyOfRange(stream, from, end), true);
      from = end;
      boolean isMore = true;
      while (isMore) {
        if (target.cut()) {
          byte[] frame = shown(target);
          if (target.isPlaced()) {
            frame = concat(List.of(frame, place.toArray(ValueLayout.JAVA_BYTE)));
          }
          into.add(frame);
        } else if (target.isHeadHere()) {
          if (heads++ % 3 == 2) {
            target.keepTogether();
          } else {
            place = Arena.ofAuto().allocate(target.payloadBytes());
            target.place(place.address());
          }
        } else if (target.placeBytes() > 0 && heads % 2 == 0 && from < stream.length) {
          int bytes = Math.min(target.placeBytes(), stream.length - from);
          bytes = Math.max(1, bytes / 2);
          MemorySegment.copy(
              stream,
              from,
              Memory.at(target.placeAddress(), bytes),
              ValueLayout.JAVA_BYTE,
              0,
              bytes);
          target.onPut(bytes);
          from += bytes;
        } else {
          isMore = false;
        }
      }
    }
  }

  @Test
  void aFrameThatLiesInOneBufferIsShownWhereItLies() {
    Random random = new Random(SEED);
    byte[] first = TestFrames.frame(1, 30, 4096, random);
    byte[] second = TestFrames.frame(2, 30, 4096, random);
    ByteBuf both = add(cutter, concat(List.of(first, second)), true);

    assertThat(cutter.cut()).isTrue();
    assertThat(cutter.address()).isEqualTo(both.memoryAddress());
    assertThat(cutter.cut()).isTrue();
    assertThat(cutter.address()).isEqualTo(both.memoryAddress() + first.length);
    assertThat(cutter.cut()).isFalse();
    assertThat(both.refCnt()).isZero();
  }

  @Test
  void noByteBehindAFrameIsLostWhenItsBeginningIsLookedAtFirst() {
    Random random = new Random(SEED);
    List<byte[]> frames =
        List.of(TestFrames.frame(1, 0, 0, random), TestFrames.frame(2, 20, 70, random));
    byte[] stream = concat(frames);
    for (int at = 0; at < stream.length; at++) {
      add(cutter, new byte[] {stream[at]}, true);
      assertThat(cutter.beginsWithAFrame()).as("after %d bytes", at + 1).isEqualTo(at + 1 >= 32);
    }

    List<byte[]> cut = new ArrayList<>();
    cutAll(cutter, cut);
    assertThat(cut).usingElementComparator(Arrays::compare).isEqualTo(frames);
  }

  @Test
  void nothingIsCutBehindADamagedHeaderButEverythingBeforeIt() {
    Random random = new Random(SEED);
    byte[] good = TestFrames.frame(1, 30, 100, random);
    byte[] damaged = TestFrames.frame(2, 30, 100, random);
    damaged[FrameHeaderFlyweight.SEQUENCE_OFFSET] ^= 1;
    byte[] after = TestFrames.frame(3, 30, 100, random);
    ByteBuf all = add(cutter, concat(List.of(good, damaged, after)), true);

    List<byte[]> cut = new ArrayList<>();
    cutAll(cutter, cut);

    assertThat(cut).usingElementComparator(Arrays::compare).containsExactly(good);
    assertThat(cutter.fault()).contains("header is damaged");
    assertThat(cutter.cut()).isFalse();
    cutter.release();
    assertThat(all.refCnt()).isZero();
  }

  @Test
  void aPayloadThatIsDamagedIsNoneOfItsBusiness() {
    byte[] frame = TestFrames.frame(1, 30, 100, new Random(SEED));
    frame[frame.length - 1] ^= 1;
    add(cutter, frame, true);

    assertThat(cutter.cut()).isTrue();
    assertThat(shown(cutter)).isEqualTo(frame);
  }

  @Test
  void noiseIsAFaultThatSaysWhatCameAndNeverAnException() {
    Random random = new Random(SEED);
    for (int round = 0; round < 3000; round++) {
      FrameCutter each = new FrameCutter();
      byte[] noise = new byte[random.nextInt(400)];
      random.nextBytes(noise);
      if (random.nextBoolean() && noise.length > 2) {
        noise[0] = FrameHeaderFlyweight.MAGIC;
        noise[1] = FrameHeaderFlyweight.VERSION;
      }
      for (int at = 0; at < noise.length; ) {
        int pieceBytes = Math.min(noise.length - at, 1 + random.nextInt(100));
        add(each, Arrays.copyOfRange(noise, at, at + pieceBytes), true);
        at += pieceBytes;
        assertThat(each.cut()).as("seed %d, round %d", SEED, round).isFalse();
      }
      each.release();
    }
    assertThat(given).allMatch(bytes -> bytes.refCnt() == 0);

    add(
        cutter,
        "GET / HTTP/1.1\r\nHost: somebody-else\r\n\r\n"
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII),
        true);
    assertThat(cutter.cut()).isFalse();
    assertThat(cutter.fault())
        .isEqualTo("what came is no frame: magic 47 version 69 payload length 1414012975");
  }

  @Test
  void halfAFrameIsNeverShown() {
    byte[] frame = TestFrames.frame(1, 30, 5000, new Random(SEED));
    for (int bytes = 0; bytes < frame.length; bytes += 97) {
      FrameCutter each = new FrameCutter();
      add(each, Arrays.copyOf(frame, bytes), true);
      assertThat(each.cut()).isFalse();
      each.release();
      assertThat(each.cut()).isFalse();
    }
    assertThat(given).allMatch(bytes -> bytes.refCnt() == 0);
  }

  private ByteBuf add(FrameCutter target, byte[] bytes, boolean isDirect) {
    ByteBuf buffer = isDirect
        ? PooledByteBufAllocator.DEFAULT.directBuffer(Math.max(1, bytes.length)).writeBytes(bytes)
        : Unpooled.wrappedBuffer(bytes);
    given.add(buffer);
    target.add(buffer);
    return buffer;
  }

  private static void cutAll(FrameCutter from, List<byte[]> into) {
    while (from.cut() || from.isHeadHere()) {
      if (from.isHeadHere()) {
        from.keepTogether();
      } else {
        into.add(shown(from));
      }
    }
  }

  private static byte[] shown(FrameCutter cutter) {
    return Memory.at(cutter.address(), cutter.lengthBytes()).toArray(ValueLayout.JAVA_BYTE);
  }

  private static byte[] concat(List<byte[]> frames) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    frames.forEach(all::writeBytes);
    return all.toByteArray();
  }
}
