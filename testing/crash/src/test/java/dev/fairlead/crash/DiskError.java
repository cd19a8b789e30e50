package dev.fairlead.crash;

import java.util.ArrayList;
import java.util.List;

/**
 * An error of the disk.
 *
 * @param operation as {@link DiskControl#arm} names it
 * @param error what it fails with
 * @param lasting whether all later ones fail too
 */
record DiskError(String operation, Errno error, boolean lasting) {
  /** Numbers of Linux. */
  enum Errno {
    EIO(5),
    ENOMEM(12),
    ENOSPC(28),
    EROFS(30),
    /** Not an error: half of the bytes are written. */
    SHORT(0);

    final int number;

    Errno(int number) {
      this.number = number;
    }
  }

  static List<DiskError> all() {
    List<DiskError> all = new ArrayList<>();
    for (boolean lasting : new boolean[] {false, true}) {
      for (String operation : new String[] {"open", "write", "truncate", "unlink", "change"}) {
        all.add(new DiskError(operation, Errno.EROFS, lasting));
      }
      for (String operation : new String[] {"open", "write", "truncate", "sync", "change"}) {
        all.add(new DiskError(operation, Errno.ENOSPC, lasting));
      }
      for (String operation :
          new String[] {"open", "read", "write", "truncate", "unlink", "sync", "change"}) {
        all.add(new DiskError(operation, Errno.EIO, lasting));
      }
      all.add(new DiskError("read", Errno.ENOMEM, lasting));
      all.add(new DiskError("write", Errno.SHORT, lasting));
    }
    return all;
  }

  @Override
  public String toString() {
    return error + " at " + operation + (lasting ? ", lasting" : ", once");
  }
}
