/*
 * A switch over TAP devices with a wire that may be bad, per directed pair of ports: loss, delay, jitter,
 * duplicates, reordering, corruption, a rate, a largest packet. Kernels without netem need it.
 *
 *   tap-switch CONTROL PREFIX PORTS      makes PREFIX0 … and prints "ready"; ends when its stdin does
 *
 * CONTROL is mapped, so that a change takes effect when it is written (wires.ts knows the same layout):
 *   0    u32 magic "TAPS"   4  u32 ports   8  u64 seed
 *   64   u64 counters: forwarded, lost, queue full, duplicated, reordered, corrupted, too big
 *   256  ports × ports records of 64 bytes: u32 cut, loss ppm, delay µs, jitter µs, duplicate ppm,
 *        reorder ppm, corrupt ppm, kbit/s, largest packet in bytes
 *
 * Port i has the address 02:00:00:00:00:i; frames to anybody else are dropped. A pair keeps its order under
 * jitter; a reordered frame is one that overtakes by being sent at once.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PORTS = 128, MAX_WAITING = 32768, FRAME = 2048 };
/* What waits for a slow wire: further frames are lost, as in any router. */
static const int64_t MAX_BACKLOG_NS = 400000000;

struct pair {
  uint32_t cut, loss, delay_us, jitter_us, duplicate, reorder, corrupt, kbit, largest;
  char pad[28];
};
struct control {
  uint32_t magic, ports;
  uint64_t seed;
  char pad[48];
  uint64_t forwarded, lost, overflow, duplicated, reordered, corrupted, too_big;
  char pad2[136];
  struct pair pairs[];
};
struct frame {
  int64_t due;
  uint64_t order;
  int port, length;
  unsigned char bytes[FRAME];
};

static struct control *control;
static int taps[MAX_PORTS];
static int ports;
static int64_t newest_due[MAX_PORTS * MAX_PORTS], wire_free[MAX_PORTS * MAX_PORTS];
static struct frame *heap[MAX_WAITING];
static int waiting;
static uint64_t orders, chance;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t draw(void) {
  uint64_t z = (chance += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}
static int happens(uint32_t ppm) { return ppm && draw() % 1000000 < ppm; }

static int sooner(const struct frame *a, const struct frame *b) {
  return a->due < b->due || (a->due == b->due && a->order < b->order);
}
static void swap(int a, int b) {
  struct frame *t = heap[a];
  heap[a] = heap[b];
  heap[b] = t;
}
static void push(struct frame *f) {
  int i = waiting++;
  heap[i] = f;
  for (; i && sooner(heap[i], heap[(i - 1) / 2]); i = (i - 1) / 2) swap(i, (i - 1) / 2);
}
static struct frame *pop(void) {
  struct frame *first = heap[0];
  heap[0] = heap[--waiting];
  for (int i = 0;;) {
    int least = i, left = 2 * i + 1;
    if (left < waiting && sooner(heap[left], heap[least])) least = left;
    if (left + 1 < waiting && sooner(heap[left + 1], heap[least])) least = left + 1;
    if (least == i) return first;
    swap(i, least);
    i = least;
  }
}

static void send_now(int port, const unsigned char *bytes, int length) {
  if (write(taps[port], bytes, (size_t)length) == length) control->forwarded++;
}

static void later(int port, int64_t due, const unsigned char *bytes, int length) {
  if (waiting == MAX_WAITING) {
    control->overflow++;
    return;
  }
  struct frame *f = malloc(sizeof *f);
  if (!f) return;
  *f = (struct frame){.due = due, .order = orders++, .port = port, .length = length};
  memcpy(f->bytes, bytes, (size_t)length);
  push(f);
}

/* When the frame has left a wire of that rate; -1 when too much waits for it. */
static int64_t through(const struct pair *p, int at, int64_t now, int length) {
  if (!p->kbit) return now;
  int64_t start = wire_free[at] > now ? wire_free[at] : now;
  if (start - now > MAX_BACKLOG_NS) return -1;
  return wire_free[at] = start + (int64_t)length * 8 * 1000000 / p->kbit;
}

static void switch_frame(int from, unsigned char *bytes, int length) {
  if (length < 14 || bytes[0] != 2 || bytes[1] || bytes[5] >= ports) return;
  int to = bytes[5], at = from * ports + to;
  const struct pair *p = &control->pairs[at];
  if (p->cut || happens(p->loss)) {
    control->lost++;
    return;
  }
  if (p->largest && length - 14 > (int)p->largest) {
    control->too_big++;
    return;
  }
  if (length > 34 && happens(p->corrupt)) {
    uint64_t bit = draw() % ((uint64_t)(length - 34) * 8);
    bytes[34 + bit / 8] ^= (unsigned char)(1 << (bit % 8));
    control->corrupted++;
  }
  int64_t now = now_ns(), due = through(p, at, now, length);
  if (due < 0) {
    control->overflow++;
    return;
  }
  if (happens(p->reorder)) {
    control->reordered++;
    send_now(to, bytes, length);
    return;
  }
  int64_t delay = (int64_t)p->delay_us * 1000;
  if (p->jitter_us) delay += (int64_t)(draw() % (2ull * p->jitter_us * 1000)) - (int64_t)p->jitter_us * 1000;
  if (delay > 0) due += delay;
  if (due < newest_due[at]) due = newest_due[at];
  int copies = 1 + happens(p->duplicate);
  if (copies == 2) control->duplicated++;
  if (due <= now) {
    while (copies--) send_now(to, bytes, length);
    return;
  }
  newest_due[at] = due;
  while (copies--) later(to, due, bytes, length);
}

static int open_tap(const char *prefix, int i) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {0};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s%d", prefix, i);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
    perror("tap-switch: /dev/net/tun");
    exit(1);
  }
  return fd;
}

static void deliver_due(void) {
  for (int64_t now = now_ns(); waiting && heap[0]->due <= now;) {
    struct frame *f = pop();
    send_now(f->port, f->bytes, f->length);
    free(f);
  }
}

static void run(void) {
  struct pollfd fds[MAX_PORTS + 1];
  for (int i = 0; i < ports; i++) fds[i] = (struct pollfd){.fd = taps[i], .events = POLLIN};
  fds[ports] = (struct pollfd){.fd = 0, .events = POLLIN};
  unsigned char bytes[FRAME];
  for (;;) {
    int64_t left = waiting ? heap[0]->due - now_ns() : 1000000000;
    if (left < 0) left = 0;
    struct timespec timeout = {left / 1000000000, left % 1000000000};
    ppoll(fds, (nfds_t)ports + 1, &timeout, NULL);
    deliver_due();
    if (fds[ports].revents) {
      if (read(0, bytes, sizeof bytes) <= 0) return;
    }
    for (int i = 0; i < ports; i++) {
      if (!(fds[i].revents & POLLIN)) continue;
      for (int n = 0; n < 32; n++) {
        ssize_t got = read(taps[i], bytes, sizeof bytes);
        if (got <= 0) break;
        switch_frame(i, bytes, (int)got);
      }
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 4 || (ports = atoi(argv[3])) < 1 || ports > MAX_PORTS) {
    fprintf(stderr, "usage: tap-switch CONTROL PREFIX PORTS\n");
    return 2;
  }
  size_t size = sizeof *control + (size_t)ports * (size_t)ports * sizeof(struct pair);
  int fd = open(argv[1], O_RDWR | O_CLOEXEC);
  control = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (control == MAP_FAILED || control->magic != 0x53504154 || (int)control->ports != ports) {
    fprintf(stderr, "tap-switch: %s is no control file for %d ports\n", argv[1], ports);
    return 1;
  }
  chance = control->seed;
  for (int i = 0; i < ports; i++) taps[i] = open_tap(argv[2], i);
  puts("ready");
  fflush(stdout);
  run();
  return 0;
}
