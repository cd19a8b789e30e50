package dev.fairlead.fuzz;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cuts what a peer sends into the pieces in which it arrives. */
public final class Split {
  private Split() {}

  /** Pieces of one size from an index on, the last one perhaps shorter. */
  public static List<byte[]> of(byte[] bytes, int from, int size) {
    List<byte[]> pieces = new ArrayList<>();
    for (int at = from; at < bytes.length; at += size) {
      pieces.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + size)));
    }
    return pieces;
  }
}
