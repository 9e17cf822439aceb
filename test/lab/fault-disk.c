/*
 * A disk that misbehaves on demand: loaded into a process by LD_PRELOAD, it stands between the program and
 * the C library's file calls and applies the rules of a control file, which is mapped and therefore takes
 * effect the moment that it is written (fault-disk.ts writes it and knows the same layout).
 *
 *   0     u32 magic "FDSK"    4  u32 rules in force    8  u64 seed
 *   64    64 rules of 256 bytes: char glob[208]; u32 ops (bit mask); u32 effect; u32 probability (ppm);
 *         u32 delay in ms; u32 times (0 = always); u32 hits; u32 skip (calls let pass first); u32 seen; padding
 *   16448 u64 hits[8 effects][8 operations]
 *   16960 char killed[512]: operation and path of the last call that ended its process
 *
 * Rules are tried in order; a delay goes on to the next rule, everything else ends the search.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN, WRITE, PWRITE, FSYNC, FDATASYNC, RENAME, READ, UNLINK, OPS = 8 };
static const char *const NAMES[OPS] = {"open", "write", "pwrite", "fsync", "fdatasync", "rename", "read", "unlink"};
enum { FAIL_EIO, FAIL_ENOSPC, FAIL_EMFILE, DELAY, DROP, FLIP, KILL, EFFECTS = 8 };
enum { NOTHING, DROPPED, FLIPPED, FAILED };

struct rule {
  char glob[208];
  uint32_t ops, effect, ppm, delay_ms, times, hits, skip, seen;
  char pad[16];
};
struct control {
  uint32_t magic, count;
  uint64_t seed;
  char pad[48];
  struct rule rules[64];
  uint64_t hits[EFFECTS][OPS];
  char killed[512];
};

static struct control *control;
static uint64_t drawn;

/* The next function of that name behind this library; looked up once. */
#define REAL(type, name, ...)                        \
  static type (*real)(__VA_ARGS__);                  \
  if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("FAULT_DISK_CONTROL");
  if (!path) return;
  REAL(int, "open64", const char *, int, ...);
  int fd = real(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  struct control *found = mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (found != MAP_FAILED && found->magic == 0x4b534446) control = found;
}

/* splitmix64 over a counter: the n-th draw of a process is the same for the same seed. */
static uint64_t draw(void) {
  uint64_t z = control->seed + __atomic_add_fetch(&drawn, 1, __ATOMIC_RELAXED) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

static void pause_ms(uint32_t ms) {
  struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
  while (nanosleep(&left, &left) == -1 && errno == EINTR) {
  }
}

/* True when the rule takes effect now; counts it. */
static int applies(struct rule *rule, int op, const char *path) {
  if (!(rule->ops & (1u << op)) || fnmatch(rule->glob, path, 0) != 0) return 0;
  if (rule->ppm < 1000000 && draw() % 1000000 >= rule->ppm) return 0;
  if (rule->skip && __atomic_fetch_add(&rule->seen, 1, __ATOMIC_RELAXED) < rule->skip) return 0;
  if (rule->times && __atomic_fetch_add(&rule->hits, 1, __ATOMIC_RELAXED) >= rule->times) return 0;
  if (rule->effect < EFFECTS) __atomic_fetch_add(&control->hits[rule->effect][op], 1, __ATOMIC_RELAXED);
  return 1;
}

static int judge(int op, const char *path) {
  uint32_t count = control->count < 64 ? control->count : 64;
  for (uint32_t i = 0; i < count; i++) {
    struct rule *rule = &control->rules[i];
    if (!applies(rule, op, path)) continue;
    switch (rule->effect) {
      case FAIL_EIO: errno = EIO; return FAILED;
      case FAIL_ENOSPC: errno = ENOSPC; return FAILED;
      case FAIL_EMFILE: errno = EMFILE; return FAILED;
      case DELAY: pause_ms(rule->delay_ms); break;
      case DROP: return DROPPED;
      case FLIP: return FLIPPED;
      case KILL:
        snprintf(control->killed, sizeof control->killed, "%s %s", NAMES[op], path);
        kill(getpid(), SIGKILL);
        pause_ms(10000);
        break;
    }
  }
  return NOTHING;
}

static int concerns(int op) {
  if (!control) return 0;
  for (uint32_t i = 0; i < control->count && i < 64; i++)
    if (control->rules[i].ops & (1u << op)) return 1;
  return 0;
}

static int by_path(int op, const char *path) {
  if (!concerns(op) || !path) return NOTHING;
  int before = errno, verdict = judge(op, path);
  if (verdict != FAILED) errno = before;
  return verdict;
}

static int by_fd(int op, int fd) {
  if (!concerns(op)) return NOTHING;
  char link[32], path[PATH_MAX];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  errno = before;
  if (n < 0) return NOTHING;
  path[n] = 0;
  int verdict = judge(op, path);
  if (verdict != FAILED) errno = before;
  return verdict;
}

static void flip(char *bytes, ssize_t n) {
  if (n <= 0) return;
  uint64_t at = draw() % ((uint64_t)n * 8);
  bytes[at / 8] ^= (char)(1 << (at % 8));
}

#define OPEN_MODE(flags)                             \
  mode_t mode = 0;                                   \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {           \
    va_list rest;                                    \
    va_start(rest, flags);                           \
    mode = va_arg(rest, mode_t);                     \
    va_end(rest);                                    \
  }

#define OPENS(name)                                  \
  int name(const char *path, int flags, ...) {       \
    REAL(int, #name, const char *, int, ...);        \
    OPEN_MODE(flags)                                 \
    if (by_path(OPEN, path) == FAILED) return -1;    \
    return real(path, flags, mode);                  \
  }
OPENS(open)
OPENS(open64)

#define OPENS_AT(name)                               \
  int name(int dir, const char *path, int flags, ...) { \
    REAL(int, #name, int, const char *, int, ...);   \
    OPEN_MODE(flags)                                 \
    if (by_path(OPEN, path) == FAILED) return -1;    \
    return real(dir, path, flags, mode);             \
  }
OPENS_AT(openat)
OPENS_AT(openat64)

/* A write that is dropped claims success. */
#define DECIDE(op, fd, claimed)                      \
  switch (by_fd(op, fd)) {                           \
    case FAILED: return -1;                          \
    case DROPPED: return (claimed);                  \
  }

static ssize_t length_of(const struct iovec *v, int n) {
  ssize_t sum = 0;
  for (int i = 0; i < n; i++) sum += (ssize_t)v[i].iov_len;
  return sum;
}

ssize_t write(int fd, const void *bytes, size_t n) {
  REAL(ssize_t, "write", int, const void *, size_t);
  DECIDE(WRITE, fd, (ssize_t)n)
  return real(fd, bytes, n);
}
ssize_t writev(int fd, const struct iovec *v, int n) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  DECIDE(WRITE, fd, length_of(v, n))
  return real(fd, v, n);
}
#define PWRITES(name, offset_t)                      \
  ssize_t name(int fd, const void *bytes, size_t n, offset_t at) { \
    REAL(ssize_t, #name, int, const void *, size_t, offset_t);     \
    DECIDE(PWRITE, fd, (ssize_t)n)                   \
    return real(fd, bytes, n, at);                   \
  }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)
#define PWRITEVS(name, offset_t)                     \
  ssize_t name(int fd, const struct iovec *v, int n, offset_t at) { \
    REAL(ssize_t, #name, int, const struct iovec *, int, offset_t); \
    DECIDE(PWRITE, fd, length_of(v, n))              \
    return real(fd, v, n, at);                       \
  }
PWRITEVS(pwritev, off_t)
PWRITEVS(pwritev64, off64_t)

int fsync(int fd) {
  REAL(int, "fsync", int);
  DECIDE(FSYNC, fd, 0)
  return real(fd);
}
int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  DECIDE(FDATASYNC, fd, 0)
  return real(fd);
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  int verdict = by_path(RENAME, to);
  return verdict == FAILED ? -1 : verdict == DROPPED ? 0 : real(from, to);
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  int verdict = by_path(UNLINK, path);
  return verdict == FAILED ? -1 : verdict == DROPPED ? 0 : real(path);
}

ssize_t read(int fd, void *bytes, size_t n) {
  REAL(ssize_t, "read", int, void *, size_t);
  int verdict = by_fd(READ, fd);
  if (verdict == FAILED) return -1;
  ssize_t got = real(fd, bytes, n);
  if (verdict == FLIPPED) flip(bytes, got);
  return got;
}
#define PREADS(name, offset_t)                       \
  ssize_t name(int fd, void *bytes, size_t n, offset_t at) { \
    REAL(ssize_t, #name, int, void *, size_t, offset_t);     \
    int verdict = by_fd(READ, fd);                   \
    if (verdict == FAILED) return -1;                \
    ssize_t got = real(fd, bytes, n, at);            \
    if (verdict == FLIPPED) flip(bytes, got);        \
    return got;                                      \
  }
PREADS(pread, off_t)
PREADS(pread64, off64_t)
#define PREADVS(name, offset_t)                      \
  ssize_t name(int fd, const struct iovec *v, int n, offset_t at) { \
    REAL(ssize_t, #name, int, const struct iovec *, int, offset_t); \
    int verdict = by_fd(READ, fd);                   \
    if (verdict == FAILED) return -1;                \
    ssize_t got = real(fd, v, n, at);                \
    if (verdict == FLIPPED && n > 0)                 \
      flip(v[0].iov_base, got < (ssize_t)v[0].iov_len ? got : (ssize_t)v[0].iov_len); \
    return got;                                      \
  }
PREADVS(preadv, off_t)
PREADVS(preadv64, off64_t)
