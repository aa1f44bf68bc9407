/* Moves the wall clock of one process: preloaded, it adds the nanoseconds that the file named by
 * TROUPE_CLOCK_SHIFT holds (8 bytes, as they are in memory) to whatever the process reads of the
 * time of day. The file may change while the process runs.
 *
 * What it does not move: monotonic clocks, which no one can set, and waits until a time of day.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const volatile int64_t *shift_ns;

/* Called by whichever reads the time first: other libraries' constructors come before ours. */
static void begin(void) {
  const char *path = getenv("TROUPE_CLOCK_SHIFT");
  const int file = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) abort();
  shift_ns = mmap(NULL, sizeof *shift_ns, PROT_READ, MAP_SHARED, file, 0);
  if (shift_ns == MAP_FAILED) abort();
  close(file);
  real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}

int clock_gettime(clockid_t which, struct timespec *into) {
  if (real_clock_gettime == NULL) begin();
  const int result = real_clock_gettime(which, into);
  if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
    const int64_t second = 1000000000;
    const int64_t at = into->tv_sec * second + into->tv_nsec + *shift_ns;
    into->tv_sec = at / second;
    into->tv_nsec = at % second;
  }
  return result;
}

int gettimeofday(struct timeval *into, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  into->tv_sec = now.tv_sec;
  into->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != NULL) *into = now.tv_sec;
  return now.tv_sec;
}
