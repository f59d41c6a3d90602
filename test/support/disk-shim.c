/*
 * Preloaded into a process of a test: a disk that breaks in an orderly way. What the environment asks for:
 *   DISK_ROOT     only files below this folder count
 *   DISK_SHADOW   a folder that holds what a power cut would leave: the content of each file as it was last synced
 *   DISK_RANDOM   a seed: of what was not synced, whole pages reach the shadow all the same, at random (as a cache that
 *                 writes back in any order), whenever another file is synced
 *   DISK_FAIL     kind:n:errno: the n-th call of that kind and all after it fail (kinds: sync, write, open)
 *   DISK_FLAKY    permille:seed: each write, sync and open fails with EIO so often, at random; writes also come short
 */
#define _GNU_SOURCE
#define _LARGEFILE64_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { SYNC, WRITE, OPEN, KINDS };
static const char *NAMES[KINDS] = {"sync", "write", "open"};
static char *root, *shadow;
static long fail_at[KINDS], calls[KINDS];
static int fail_with = EIO, flaky_permille;
static unsigned long long seed;
static int (*real_fsync)(int), (*real_fdatasync)(int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_open)(const char *, int, ...);

static unsigned random_below(unsigned n) {
  seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
  return (unsigned)(seed % n);
}

__attribute__((constructor)) static void begin(void) {
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_open = dlsym(RTLD_NEXT, "open64");
  char *text;
  if ((text = getenv("DISK_ROOT"))) root = strdup(text);
  if ((text = getenv("DISK_SHADOW"))) shadow = strdup(text);
  if ((text = getenv("DISK_RANDOM"))) seed = strtoull(text, 0, 10) | 1;
  if ((text = getenv("DISK_FAIL"))) {
    char kind[8];
    long at = 0;
    sscanf(text, "%7[a-z]:%ld:%d", kind, &at, &fail_with);
    for (int k = 0; k < KINDS; k++) if (!strcmp(kind, NAMES[k])) fail_at[k] = at;
  }
  if ((text = getenv("DISK_FLAKY"))) sscanf(text, "%d:%llu", &flaky_permille, &seed), seed |= 1;
}

/* The root ends in a slash; the folder itself counts too. */
static int below_root(const char *path) {
  return root && (!strncmp(path, root, strlen(root)) || (!strncmp(path, root, strlen(root) - 1) && !path[strlen(root) - 1]));
}

/* The path of a descriptor below the root; 0: it is none of ours. */
static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, size - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return below_root(path);
}

static int fails(enum kind kind) {
  calls[kind]++;
  if (fail_at[kind] && calls[kind] >= fail_at[kind]) return errno = fail_with, 1;
  if (flaky_permille && random_below(1000) < (unsigned)flaky_permille) return errno = EIO, 1;
  return 0;
}

static void copy(const char *from, const char *to) {
  char aside[4500], bytes[65536];
  snprintf(aside, sizeof aside, "%s.aside", to);
  int in = real_open(from, O_RDONLY), out = real_open(aside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ssize_t n;
  while (in >= 0 && out >= 0 && (n = read(in, bytes, sizeof bytes)) > 0)
    if (real_write(out, bytes, n) != n) break;
  if (in >= 0) close(in);
  if (out >= 0) close(out), rename(aside, to);
}

/* Some pages of a file that nobody synced reach the disk, others do not. */
static void leak(const char *from, const char *to) {
  char page[4096];
  int in = real_open(from, O_RDONLY), out = real_open(to, O_WRONLY | O_CREAT, 0600);
  ssize_t n;
  for (off_t at = 0; in >= 0 && out >= 0 && (n = pread(in, page, sizeof page, at)) > 0; at += sizeof page)
    if (random_below(2)) real_pwrite(out, page, n, at);
  if (in >= 0) close(in);
  if (out >= 0) close(out);
}

static void synced(int fd) {
  char path[4096], at[4400], other[4400];
  struct stat facts;
  if (!shadow || !path_of(fd, path, sizeof path) || fstat(fd, &facts)) return;
  if (S_ISDIR(facts.st_mode)) {
    /* What was removed from the folder is gone now. */
    DIR *folder = opendir(shadow);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
      if (entry->d_name[0] == '.') continue;
      snprintf(other, sizeof other, "%s/%s", path, entry->d_name);
      snprintf(at, sizeof at, "%s/%s", shadow, entry->d_name);
      if (access(other, F_OK)) unlink(at);
    }
    if (folder) closedir(folder);
    return;
  }
  if (getenv("DISK_RANDOM")) {
    DIR *folder = opendir(root);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
      if (entry->d_name[0] == '.' || strstr(entry->d_name, "-shm")) continue;
      snprintf(other, sizeof other, "%s/%s", root, entry->d_name);
      snprintf(at, sizeof at, "%s/%s", shadow, entry->d_name);
      struct stat kind;
      if (strcmp(other, path) && !stat(other, &kind) && S_ISREG(kind.st_mode)) leak(other, at);
    }
    if (folder) closedir(folder);
  }
  snprintf(at, sizeof at, "%s%s", shadow, strrchr(path, '/'));
  copy(path, at);
}

static int sync_with(int (*real)(int), int fd) {
  char path[4096];
  if (path_of(fd, path, sizeof path) && fails(SYNC)) return -1;
  int result = real(fd);
  if (result == 0) synced(fd);
  return result;
}
int fsync(int fd) { return sync_with(real_fsync, fd); }
int fdatasync(int fd) { return sync_with(real_fdatasync, fd); }

/* How many bytes of a write the disk takes; -1: it fails. */
static ssize_t taken(int fd, size_t size) {
  char path[4096];
  if ((!fail_at[WRITE] && !flaky_permille) || !path_of(fd, path, sizeof path)) return size;
  if (fails(WRITE)) return -1;
  return flaky_permille && size > 1 && random_below(1000) < (unsigned)flaky_permille ? size / 2 : size;
}
ssize_t write(int fd, const void *bytes, size_t size) {
  ssize_t part = taken(fd, size);
  return part < 0 ? -1 : real_write(fd, bytes, part);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  ssize_t part = taken(fd, size);
  return part < 0 ? -1 : real_pwrite(fd, bytes, part, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }

static int open_as(const char *path, int flags, mode_t mode) {
  if ((fail_at[OPEN] || flaky_permille) && below_root(path) && fails(OPEN)) return -1;
  return real_open(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_as(path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_as(path, flags, mode);
}
