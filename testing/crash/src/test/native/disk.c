/*
 * Stands between a JVM and the disk, by LD_PRELOAD. It acts on files below one folder only:
 *
 *   FAIRLEAD_DISK_ROOT     the folder, as realpath prints it
 *   FAIRLEAD_DISK_LOG      a file that receives every change of a file or of the folder, in order
 *   FAIRLEAD_DISK_CONTROL  a path outside of the folder; what is written to it is a command
 *
 * Commands, one for each write(2):
 *
 *   mark TEXT                          puts TEXT into the log: its place among the changes is exact
 *   arm KIND NTH once|lasting ERRNO    the NTH operation of the kind from now on fails, or that one
 *                                      and all later ones; ERRNO 0: a write is short
 *   disarm                             no more errors
 *   stall, release                     syncs do not return between these two
 *   report PATH                        writes two numbers into a file: operations that failed since
 *                                      the last arm, and syncs that are stalled now
 *
 * A change and its record are made under one lock, so the log has the order in which the kernel saw
 * the changes. Whatever the log cannot describe is recorded as unsupported, and the test fails.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == sizeof(off64_t), "the aliases below are for 64-bit machines");

#define MAX_FDS 65536
#define MAX_FILES 65536
#define IS_DIRECTORY (-1)
#define IS_CONTROL (-2)

enum kind { OPEN, WRITE, SYNC, TRUNCATE, UNLINK, RENAME, READ, CHANGE, KINDS };
static const char *const kinds[KINDS] = {"open",   "write",  "sync", "truncate",
                                         "unlink", "rename", "read", "change"};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *control;
static size_t root_length;
static int log_fd = -1;

static int files_of[MAX_FDS];       /* by descriptor: number of the file, 0 if it is not ours */
static char *directories_of[MAX_FDS]; /* by descriptor of a directory: its path */
static ino_t inodes[MAX_FILES];     /* by number of the file */
static char shared[MAX_FILES];      /* whether it is a -shm file, which is rebuilt after a crash */
static int last_file;

static int armed_kind = -1, armed_errno, armed_lasting;
static long armed_nth, counted, failed_operations;
static volatile int stalled;
static int waiting; /* syncs */

/* The 64-bit functions only: callers of the others are passed on to these. */
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pread)(int, void *, size_t, off64_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static void *(*real_mmap)(void *, size_t, int, int, int, off64_t);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_dup2)(int, int);

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) {
    fprintf(stderr, "disk.c: the C library has no %s\n", name);
    _exit(70);
  }
  return found;
}

/* Not in a constructor alone: libraries that are initialised before this one call us already. */
static void start(void) {
  static int done;
  if (done) return;
  done = 1;
  real_open = next("open64");
  real_close = next("close");
  real_read = next("read");
  real_pread = next("pread64");
  real_write = next("write");
  real_pwrite = next("pwrite64");
  real_fsync = next("fsync");
  real_fdatasync = next("fdatasync");
  real_ftruncate = next("ftruncate64");
  real_unlink = next("unlink");
  real_rename = next("rename");
  real_mmap = next("mmap64");
  real_mkdir = next("mkdir");
  real_dup2 = next("dup2");
  root = getenv("FAIRLEAD_DISK_ROOT");
  control = getenv("FAIRLEAD_DISK_CONTROL");
  root_length = root ? strlen(root) : 0;
  const char *log = getenv("FAIRLEAD_DISK_LOG");
  if (log && *log) {
    /* Not truncated: programs that the JVM runs come here too. */
    log_fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0) {
      perror(log);
      _exit(70);
    }
  }
}

__attribute__((constructor)) static void constructed(void) { start(); }

static int ours(const char *path) {
  return root_length && path && !strncmp(path, root, root_length) && path[root_length] == '/';
}

static const char *relative(const char *path) { return path + root_length + 1; }

/* type, number of the file (4), offset (8), length (4), bytes; little endian as the machine is */
static void put(char type, int file, int64_t offset, const struct iovec *bytes, int count,
                size_t length) {
  if (log_fd < 0) return;
  char head[17];
  int32_t number = file, size = (int32_t)length;
  head[0] = type;
  memcpy(head + 1, &number, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &size, 4);
  int failed = real_write(log_fd, head, sizeof head) != (ssize_t)sizeof head;
  for (int i = 0; i < count && length; i++) {
    size_t part = bytes[i].iov_len < length ? bytes[i].iov_len : length;
    failed |= real_write(log_fd, bytes[i].iov_base, part) != (ssize_t)part;
    length -= part;
  }
  if (failed) {
    fprintf(stderr, "disk.c: the log cannot be written\n");
    _exit(70);
  }
}

static void put_text(char type, int file, const char *text, size_t length) {
  struct iovec bytes = {(void *)text, length};
  put(type, file, 0, &bytes, 1, length);
}

static void unsupported(const char *what) { put_text('!', 0, what, strlen(what)); }

static int file_of(int fd) { return fd >= 0 && fd < MAX_FDS ? files_of[fd] : 0; }

/* 0, or the error that the operation shall have; -1: a short write */
static int fault(enum kind kind) {
  if (armed_kind < 0) return 0;
  int counts = armed_kind == (int)kind || (armed_kind == CHANGE && kind != READ && kind != SYNC);
  if (!counts) return 0;
  counted++;
  if (counted != armed_nth && !(armed_lasting && counted > armed_nth)) return 0;
  failed_operations++;
  return armed_errno ? armed_errno : -1;
}

static int fails(enum kind kind) {
  int error = fault(kind);
  if (error > 0) errno = error;
  return error > 0;
}

static void command(const char *text, size_t length) {
  char line[512], kind[16], how[16];
  long nth;
  int error;
  if (length > 5 && !strncmp(text, "mark ", 5)) {
    put_text('M', 0, text + 5, length - 5);
    return;
  }
  snprintf(line, sizeof line, "%.*s", (int)length, text);
  if (!strcmp(line, "stall")) {
    stalled = 1;
  } else if (!strcmp(line, "release")) {
    stalled = 0;
  } else if (!strcmp(line, "disarm")) {
    armed_kind = -1;
  } else if (sscanf(line, "arm %15s %ld %15s %d", kind, &nth, how, &error) == 4) {
    armed_kind = -1;
    for (int i = 0; i < KINDS; i++)
      if (!strcmp(kind, kinds[i])) armed_kind = i;
    armed_nth = nth;
    armed_lasting = !strcmp(how, "lasting");
    armed_errno = error;
    counted = failed_operations = 0;
  } else if (!strncmp(line, "report ", 7)) {
    int fd = real_open(line + 7, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    char numbers[64];
    int size = snprintf(numbers, sizeof numbers, "%ld %d", failed_operations, waiting);
    if (fd < 0 || real_write(fd, numbers, size) != size) _exit(70);
    real_close(fd);
  } else {
    fprintf(stderr, "disk.c: unknown command: %s\n", line);
    _exit(70);
  }
}

static int opened(const char *path, int flags, mode_t mode) {
  start();
  if (control && path && !strcmp(path, control)) {
    int fd = real_open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && fd < MAX_FDS) files_of[fd] = IS_CONTROL;
    return fd;
  }
  int is_root = root_length && path && !strcmp(path, root);
  if (!ours(path) && !is_root) {
    int fd = real_open(path, flags, mode);
    if (fd >= 0 && fd < MAX_FDS) files_of[fd] = 0;
    return fd;
  }
  pthread_mutex_lock(&lock);
  struct stat before, after;
  int existed = stat(path, &before) == 0, fd = -1;
  int directory = existed && S_ISDIR(before.st_mode);
  /* To open a directory in order to sync it is part of the sync. */
  if (directory || !fails(OPEN)) fd = real_open(path, flags, mode);
  if (fd >= 0 && (fd >= MAX_FDS || fstat(fd, &after))) _exit(70);
  if (directory && fd >= 0) {
    files_of[fd] = IS_DIRECTORY;
    free(directories_of[fd]);
    directories_of[fd] = strdup(is_root ? "" : relative(path));
  } else if (fd >= 0) {
    int number = 0;
    for (int i = last_file; existed && i > 0 && !number; i--)
      if (inodes[i] == after.st_ino) number = i;
    if (!number) {
      if (last_file + 1 >= MAX_FILES) last_file = 0;
      number = ++last_file;
      inodes[number] = after.st_ino;
      size_t length = strlen(path);
      shared[number] = length > 4 && !strcmp(path + length - 4, "-shm");
      put_text(existed ? 'O' : 'C', number, relative(path), strlen(relative(path)));
      if (existed && after.st_size) unsupported("a file with content from before the recording");
    } else if (flags & O_TRUNC) {
      put('T', number, 0, NULL, 0, 0);
    }
    files_of[fd] = number;
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

static mode_t mode_of(int flags, va_list arguments) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened(path, flags | O_LARGEFILE, mode);
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened(path, flags, mode);
}

int __open_2(const char *path, int flags) { return opened(path, flags, 0); }

int __open64_2(const char *path, int flags) { return opened(path, flags | O_LARGEFILE, 0); }

int creat64(const char *path, mode_t mode) {
  return opened(path, O_WRONLY | O_CREAT | O_TRUNC | O_LARGEFILE, mode);
}

int close(int fd) {
  start();
  if (file_of(fd)) {
    pthread_mutex_lock(&lock);
    files_of[fd] = 0;
    pthread_mutex_unlock(&lock);
  }
  return real_close(fd);
}

int dup2(int from, int to) {
  start();
  int result = real_dup2(from, to);
  if (result >= 0 && result < MAX_FDS) files_of[result] = file_of(from);
  return result;
}

int dup(int fd) {
  start();
  int result = fcntl(fd, F_DUPFD, 0);
  if (result >= 0 && result < MAX_FDS) files_of[result] = file_of(fd);
  return result;
}

ssize_t read(int fd, void *to, size_t length) {
  start();
  if (file_of(fd) > 0 && armed_kind >= 0) {
    pthread_mutex_lock(&lock);
    int failed = fails(READ);
    pthread_mutex_unlock(&lock);
    if (failed) return -1;
  }
  return real_read(fd, to, length);
}

ssize_t pread64(int fd, void *to, size_t length, off64_t offset) {
  start();
  if (file_of(fd) > 0 && armed_kind >= 0) {
    pthread_mutex_lock(&lock);
    int failed = fails(READ);
    pthread_mutex_unlock(&lock);
    if (failed) return -1;
  }
  return real_pread(fd, to, length, offset);
}

/* offset -1: at the place of the descriptor */
static ssize_t written(int fd, const struct iovec *bytes, int count, off64_t offset) {
  size_t length = 0;
  for (int i = 0; i < count; i++) length += bytes[i].iov_len;
  pthread_mutex_lock(&lock);
  ssize_t result = -1;
  int number = file_of(fd), error = fault(WRITE);
  if (error > 0) {
    errno = error;
  } else {
    /* A caller that does not go on where it was stopped is found. */
    if (error < 0 && length > 1) length = length / 2;
    off64_t at = offset;
    if (offset < 0) {
      struct stat now;
      int append = fcntl(fd, F_GETFL) & O_APPEND;
      at = append && !fstat(fd, &now) ? now.st_size : lseek64(fd, 0, SEEK_CUR);
    }
    size_t done = 0;
    result = 0;
    for (int i = 0; i < count && done < length; i++) {
      size_t part = bytes[i].iov_len < length - done ? bytes[i].iov_len : length - done;
      ssize_t one = offset < 0 ? real_write(fd, bytes[i].iov_base, part)
                               : real_pwrite(fd, bytes[i].iov_base, part, offset + done);
      if (one < 0) {
        if (!done) result = -1;
        break;
      }
      done += one;
      result = done;
      if ((size_t)one < part) break;
    }
    if (result > 0 && !shared[number]) put('W', number, at, bytes, count, result);
  }
  error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

ssize_t write(int fd, const void *from, size_t length) {
  start();
  int number = file_of(fd);
  if (number == IS_CONTROL) {
    pthread_mutex_lock(&lock);
    command(from, length);
    pthread_mutex_unlock(&lock);
    return length;
  }
  if (number <= 0) return real_write(fd, from, length);
  struct iovec bytes = {(void *)from, length};
  return written(fd, &bytes, 1, -1);
}

ssize_t writev(int fd, const struct iovec *bytes, int count) {
  static ssize_t (*real)(int, const struct iovec *, int);
  start();
  if (file_of(fd) > 0) return written(fd, bytes, count, -1);
  if (!real) real = next("writev");
  return real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *from, size_t length, off64_t offset) {
  start();
  if (file_of(fd) <= 0) return real_pwrite(fd, from, length, offset);
  struct iovec bytes = {(void *)from, length};
  return written(fd, &bytes, 1, offset);
}

static int synced(int fd, int (*real)(int)) {
  int number = file_of(fd);
  if (!number) return real(fd);
  pthread_mutex_lock(&lock);
  waiting++;
  while (stalled) {
    struct timespec pause = {0, 1000000};
    pthread_mutex_unlock(&lock);
    nanosleep(&pause, NULL);
    pthread_mutex_lock(&lock);
  }
  waiting--;
  int result = -1;
  if (!fails(SYNC)) result = real(fd);
  int error = errno;
  if (number == IS_DIRECTORY) {
    if (!result) put_text('D', 0, directories_of[fd], strlen(directories_of[fd]));
  } else if (number > 0) {
    put(result ? 'F' : 'S', number, 0, NULL, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int fsync(int fd) {
  start();
  return synced(fd, real_fsync);
}

int fdatasync(int fd) {
  start();
  return synced(fd, real_fdatasync);
}

int ftruncate64(int fd, off64_t length) {
  start();
  int number = file_of(fd);
  if (number <= 0) return real_ftruncate(fd, length);
  pthread_mutex_lock(&lock);
  int result = fails(TRUNCATE) ? -1 : real_ftruncate(fd, length);
  if (!result && !shared[number]) put('T', number, length, NULL, 0, 0);
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int unlink(const char *path) {
  start();
  if (!ours(path)) return real_unlink(path);
  pthread_mutex_lock(&lock);
  struct stat gone;
  /* A file that is not there: no change, so it cannot fail as one. */
  int result = stat(path, &gone) || !fails(UNLINK) ? real_unlink(path) : -1;
  if (!result) {
    put_text('U', 0, relative(path), strlen(relative(path)));
    if (gone.st_nlink == 1)
      for (int i = 1; i <= last_file; i++)
        if (inodes[i] == gone.st_ino) inodes[i] = 0; /* the number will be given to another */
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int rename(const char *from, const char *to) {
  start();
  if (!ours(from) && !ours(to)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = fails(RENAME) ? -1 : real_rename(from, to);
  if (!result && ours(from) && ours(to)) {
    char both[8192];
    int length = snprintf(both, sizeof both, "%s\n%s", relative(from), relative(to));
    put_text('R', 0, both, length);
  } else if (!result) {
    unsupported("rename into or out of the folder");
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

int mkdir(const char *path, mode_t mode) {
  start();
  if (ours(path)) unsupported("mkdir");
  return real_mkdir(path, mode);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset) {
  start();
  int number = file_of(fd);
  if (number > 0 && !shared[number] && (flags & MAP_SHARED) && (protection & PROT_WRITE))
    unsupported("writes through memory");
  return real_mmap(at, length, protection, flags, fd, offset);
}

/* The rest is passed on, and would be missing from the log. */
#define REST(result, name, parameters, ...)                   \
  result name parameters {                                    \
    static result(*real) parameters;                          \
    start();                                                  \
    if (!real) real = next(#name);                            \
    if (touches) unsupported(#name);                          \
    return real(__VA_ARGS__);                                 \
  }

#define touches (file_of(fd) > 0)
REST(int, fallocate64, (int fd, int mode, off64_t from, off64_t length), fd, mode, from, length)
REST(int, posix_fallocate64, (int fd, off64_t from, off64_t length), fd, from, length)
REST(ssize_t, pwritev64, (int fd, const struct iovec *bytes, int count, off64_t offset), fd, bytes,
     count, offset)
REST(ssize_t, sendfile64, (int fd, int in, off64_t *offset, size_t count), fd, in, offset, count)
REST(ssize_t, copy_file_range, (int in, off64_t *from, int fd, off64_t *to, size_t n, unsigned f),
     in, from, fd, to, n, f)
REST(int, syncfs, (int fd), fd)
#undef touches
#define touches (ours(path))
REST(int, truncate64, (const char *path, off64_t length), path, length)
REST(int, link, (const char *from, const char *path), from, path)
REST(int, symlink, (const char *from, const char *path), from, path)
REST(int, rmdir, (const char *path), path)
REST(int, remove, (const char *path), path)
#undef touches

/* On 64-bit machines both names are one function. */
ssize_t pread(int, void *, size_t, off_t) __attribute__((alias("pread64")));
ssize_t pwrite(int, const void *, size_t, off_t) __attribute__((alias("pwrite64")));
int ftruncate(int, off_t) __attribute__((alias("ftruncate64")));
int truncate(const char *, off_t) __attribute__((alias("truncate64")));
int creat(const char *, mode_t) __attribute__((alias("creat64")));
int fallocate(int, int, off_t, off_t) __attribute__((alias("fallocate64")));
int posix_fallocate(int, off_t, off_t) __attribute__((alias("posix_fallocate64")));
ssize_t pwritev(int, const struct iovec *, int, off_t) __attribute__((alias("pwritev64")));
ssize_t sendfile(int, int, off_t *, size_t) __attribute__((alias("sendfile64")));
void *mmap(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap64")));

/* openat, unlinkat and renameat with an absolute path or in the folder's own directory */
static const char *absolute(int directory, const char *path, char *buffer, size_t size) {
  if (path[0] == '/' || file_of(directory) != IS_DIRECTORY) return path;
  const char *in = directories_of[directory];
  snprintf(buffer, size, "%s/%s%s%s", root, in, *in ? "/" : "", path);
  return buffer;
}

int openat64(int directory, const char *path, int flags, ...) {
  static int (*real)(int, const char *, int, ...);
  char buffer[4096];
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  start();
  const char *whole = absolute(directory, path, buffer, sizeof buffer);
  if (ours(whole)) return opened(whole, flags, mode);
  if (!real) real = next("openat64");
  int fd = real(directory, path, flags, mode);
  if (fd >= 0 && fd < MAX_FDS) files_of[fd] = 0;
  return fd;
}

int openat(int, const char *, int, ...) __attribute__((alias("openat64")));

int unlinkat(int directory, const char *path, int flags) {
  static int (*real)(int, const char *, int);
  char buffer[4096];
  start();
  const char *whole = absolute(directory, path, buffer, sizeof buffer);
  if (ours(whole) && !(flags & AT_REMOVEDIR)) return unlink(whole);
  if (!real) real = next("unlinkat");
  return real(directory, path, flags);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  static int (*real)(int, const char *, int, const char *);
  char from_buffer[4096], to_buffer[4096];
  start();
  const char *a = absolute(from_directory, from, from_buffer, sizeof from_buffer);
  const char *b = absolute(to_directory, to, to_buffer, sizeof to_buffer);
  if (ours(a) || ours(b)) return rename(a, b);
  if (!real) real = next("renameat");
  return real(from_directory, from, to_directory, to);
}
