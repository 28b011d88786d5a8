package farside.driver.nbd;

import farside.driver.netty.Transport;

final class HeadMain {
  public static void main(String[] args) throws Exception {
    try (HeadBench bench = new HeadBench(
        Transport.valueOf(args[0]), Integer.parseInt(args[1]), 256L << 20, a -> { a.offer("0010"); a.offer("0030"); })) {
      System.out.println("listening " + bench.address);
      Thread.sleep(Long.MAX_VALUE);
    }
  }
}
