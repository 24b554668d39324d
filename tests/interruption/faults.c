/* Loaded before the C library into the program under test: counts the file operations that it does below FAULT_ROOT and, at the FAULT_AT-th,
 * does what FAULT_DO says: "kill" ends the process there and then, "torn" writes half of what was to be written and ends it, "short" writes
 * half and goes on, "enospc", "eio", "eacces", "ebusy" fail that one operation, "full" fails it and every later one that needs space, "dead"
 * it and every later one. FAULT_OPEN is part of a name: what bears it cannot be moved, replaced or removed, as if Excel had it open.
 * FAULT_ON is how a path ends: only operations on such paths are counted for FAULT_AT, as threads make the count of all of them waver.
 * FAULT_COUNT names a file to which the number of operations is written at the end, FAULT_LOG one that gets a line for each of them.
 * Children are left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 4096
static char root[PATH_MAX], what[16], held[PATH_MAX], on[PATH_MAX];
static long at = -1, done_, counted;
static int log_ = -1, active, last_write = -1, struck;
static char ours[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void start(void) {
    const char *text;
    if (!(text = getenv("FAULT_ROOT"))) return;
    strncpy(root, text, sizeof root - 1);
    if ((text = getenv("FAULT_AT"))) at = atol(text);
    if ((text = getenv("FAULT_DO"))) strncpy(what, text, sizeof what - 1);
    if ((text = getenv("FAULT_OPEN"))) strncpy(held, text, sizeof held - 1);
    if ((text = getenv("FAULT_ON"))) strncpy(on, text, sizeof on - 1);
    if ((text = getenv("FAULT_LOG"))) log_ = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    unsetenv("LD_PRELOAD");
    active = 1;
}

__attribute__((destructor)) static void end(void) {
    const char *text = getenv("FAULT_COUNT");
    if (!active || !text) return;
    active = 0;
    FILE *file = fopen(text, "w");
    if (file) { fprintf(file, "%ld", done_); fclose(file); }
}

static int below(const char *path) { return path && active && !strncmp(path, root, strlen(root)); }
static int mine(int fd) { return active && fd >= 0 && fd < FDS && ours[fd]; }
/* A path below a folder that is ours, or below the root. */
static int in(int dir, const char *path) { return active && (path[0] == '/' ? below(path) : (dir != AT_FDCWD && mine(dir))); }

static void stop(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* 0: go on; 1: write half of it; else the error. `space` says that it needs space. */
static int fault(const char *name, const char *path, int fd, int space) {
    pthread_mutex_lock(&lock);
    /* Writes to one file in a row are one operation: what is in between is not to be told apart. */
    int writing = !strcmp(name, "write");
    int again = writing && last_write == fd;
    last_write = writing ? fd : -1;
    if (!again) done_++;
    long number = done_;
    if (log_ >= 0 && !again) dprintf(log_, "%ld %s %s\n", number, name, path ? path : "");
    int counts = !again && (!on[0] || (path && strlen(path) >= strlen(on) && !strcmp(path + strlen(path) - strlen(on), on)));
    if (counts) counted++;
    int result = 0, hit = counts && counted == at;
    if (hit) struck = 1;
    if (hit && !strcmp(what, "kill")) stop();
    else if (hit && !strcmp(what, "torn")) { if (writing) result = 1; else stop(); }
    else if (hit && !strcmp(what, "short")) result = writing ? 1 : 0;
    else if (hit && !strcmp(what, "enospc")) result = ENOSPC;
    else if (hit && !strcmp(what, "eio")) result = EIO;
    else if (hit && !strcmp(what, "eacces")) result = EACCES;
    else if (hit && !strcmp(what, "ebusy")) result = EBUSY;
    else if (struck && space && !strcmp(what, "full")) result = ENOSPC;
    else if (struck && !strcmp(what, "dead")) result = EIO;
    if (held[0] && path && strcmp(name, "open") && strcmp(name, "chmod") && strstr(path, held)) result = EACCES;
    pthread_mutex_unlock(&lock);
    return result;
}

#define FAIL(name, path, fd, space) \
    do { int error_ = fault(name, path, fd, space); if (error_ > 1) { errno = error_; return -1; } } while (0)

static int opened(int fd) {
    if (fd >= 0 && fd < FDS) { ours[fd] = 1; last_write = last_write == fd ? -1 : last_write; }
    return fd;
}

#define OPEN(function, dir, path, flags, call) \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); } \
    REAL(function); \
    if (!in(dir, path)) return call; \
    if ((flags & O_ACCMODE) != O_RDONLY) FAIL("open", path, -1, (flags & O_CREAT) != 0); \
    return opened(call)

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, path, flags, real(path, flags, mode)); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, path, flags, real(path, flags, mode)); }
int openat(int dir, const char *path, int flags, ...) { OPEN(openat, dir, path, flags, real(dir, path, flags, mode)); }
int openat64(int dir, const char *path, int flags, ...) { OPEN(openat64, dir, path, flags, real(dir, path, flags, mode)); }

int close(int fd) {
    REAL(close);
    if (fd >= 0 && fd < FDS) ours[fd] = 0;
    return real(fd);
}

#define WRITE(function, call, half) \
    REAL(function); \
    if (!mine(fd)) return call; \
    int error = fault("write", NULL, fd, 1); \
    if (error == 1) { ssize_t some = half; if (!strcmp(what, "torn")) stop(); return some; } \
    if (error) { errno = error; return -1; } \
    return call

ssize_t write(int fd, const void *data, size_t size) { WRITE(write, real(fd, data, size), real(fd, data, size > 1 ? size / 2 : size)); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t to) { WRITE(pwrite, real(fd, data, size, to), real(fd, data, size > 1 ? size / 2 : size, to)); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t to) { WRITE(pwrite64, real(fd, data, size, to), real(fd, data, size > 1 ? size / 2 : size, to)); }
ssize_t writev(int fd, const struct iovec *parts, int count) { WRITE(writev, real(fd, parts, count), real(fd, parts, count > 1 ? count / 2 : count)); }
ssize_t copy_file_range(int from, off64_t *start, int fd, off64_t *to, size_t size, unsigned flags) {
    WRITE(copy_file_range, real(from, start, fd, to, size, flags), real(from, start, fd, to, size > 1 ? size / 2 : size, flags));
}

int fsync(int fd) { REAL(fsync); if (mine(fd)) FAIL("fsync", NULL, fd, 0); return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); if (mine(fd)) FAIL("fsync", NULL, fd, 0); return real(fd); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); if (mine(fd)) FAIL("ftruncate", NULL, fd, 0); return real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); if (mine(fd)) FAIL("ftruncate", NULL, fd, 0); return real(fd, size); }
int fchmod(int fd, mode_t mode) { REAL(fchmod); if (mine(fd)) FAIL("chmod", NULL, fd, 0); return real(fd, mode); }
int chmod(const char *path, mode_t mode) { REAL(chmod); if (below(path)) FAIL("chmod", path, -1, 0); return real(path, mode); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); if (below(path)) FAIL("mkdir", path, -1, 1); return real(path, mode); }
int rmdir(const char *path) { REAL(rmdir); if (below(path)) FAIL("rmdir", path, -1, 0); return real(path); }
int unlink(const char *path) { REAL(unlink); if (below(path)) FAIL("unlink", path, -1, 0); return real(path); }
int unlinkat(int dir, const char *path, int flags) {
    REAL(unlinkat);
    if (in(dir, path)) FAIL("unlink", path, -1, 0);
    return real(dir, path, flags);
}
int rename(const char *from, const char *to) { REAL(rename); if (below(to)) FAIL("rename", to, -1, 0); return real(from, to); }
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    REAL(renameat2);
    if (in(to_dir, to)) FAIL("rename", to, -1, 0);
    return real(from_dir, from, to_dir, to, flags);
}
int link(const char *from, const char *to) { REAL(link); if (below(to)) FAIL("link", to, -1, 1); return real(from, to); }
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    REAL(linkat);
    if (in(to_dir, to)) FAIL("link", to, -1, 1);
    return real(from_dir, from, to_dir, to, flags);
}
