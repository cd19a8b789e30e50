package dev.fairlead.policy;

import dev.fairlead.policy.World.Axis;
import java.util.Collection;
import java.util.List;
import java.util.function.ObjIntConsumer;

/** Every combination of some axes, numbered as a number in mixed radix; the rest stay at 0. */
final class Sweep {
  private final List<Axis> axes;
  private final int[] strides;
  private final int size;

  Sweep(List<Axis> axes) {
    this.axes = axes;
    strides = new int[axes.size()];
    int product = 1;
    for (int i = 0; i < strides.length; i++) {
      strides[i] = product;
      product = Math.multiplyExact(product, axes.get(i).values);
    }
    size = product;
  }

  int size() {
    return size;
  }

  List<Axis> axes() {
    return axes;
  }

  /** Visits every combination; the world is one object that changes. */
  void each(ObjIntConsumer<World> visitor) {
    World world = new World();
    int index = 0;
    do {
      visitor.accept(world, index);
      index++;
    } while (world.next(axes));
    if (index != size) {
      throw new AssertionError(index + " of " + size + " combinations were visited.");
    }
  }

  int digit(int index, int axis) {
    return index / strides[axis] % axes.get(axis).values;
  }

  /** The same combination with nothing said on one axis. */
  int without(int index, int axis) {
    return index - digit(index, axis) * strides[axis];
  }

  /** The same combination with something said on the given axes only. */
  int onlyWith(int index, Collection<Axis> kept) {
    int reduced = index;
    for (int axis = 0; axis < strides.length; axis++) {
      if (!kept.contains(axes.get(axis))) {
        reduced = without(reduced, axis);
      }
    }
    return reduced;
  }
}
