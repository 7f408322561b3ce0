// A disk that a test controls, loaded with LD_PRELOAD into a process that records.
//
// It sees what the process does to the files below DISK_DIRECTORY, and does two things:
//
// - Into the file DISK_LOG it writes each change, and when it became durable, in the order in which
//   they happened, so that the files can be built as a loss of power at any moment leaves them. What
//   the process writes to standard output stands among them.
// - While the file DISK_FAULT is there and holds "ERRNO CALLS", calls fail with this error: those
//   that write if CALLS has a `w`, those that make durable if it has an `s`.
//
// All calls take one lock, so that the order in the log is the order of what happened.

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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILES_MAX = 8192, DESCRIPTORS_MAX = 4096, PAGE = 4096 };

// The kinds of records; `power_loss.py` reads them.
enum {
    CREATED = 1,         // file, data = its name
    RENAMED = 2,         // file, data = its new name
    REMOVED = 3,         // file, data = its name
    DIRECTORY_SYNCED = 4,
    WRITTEN = 5,         // file, offset, data; logged before it is done
    SIZED = 6,           // file, offset = its new size; logged before it is done
    SYNCED = 7,          // file; all that was written to it before is durable now
    WRITTEN_DURABLY = 8, // file; the last write to it is durable now
    SAID = 9,            // data = what was written to standard output
    MAPPED = 10,         // file, offset, data: a page of a mapped file has changed
};

struct record {
    uint32_t kind;
    uint32_t file;
    uint64_t offset;
    uint64_t byte_count;
};

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static const char *directory;
static const char *fault;
static int log_descriptor = -1;
static char *names[FILES_MAX]; // by file; NULL once it has no name any more
static uint32_t file_count;
static uint32_t files[DESCRIPTORS_MAX]; // by descriptor: the file and 1
static char is_durable[DESCRIPTORS_MAX];
static char is_directory[DESCRIPTORS_MAX];

// The file whose pages change without a call, and what they were when they were last looked at.
static uint32_t mapped_file;
static int mapped_descriptor = -1;
static char *mapped_content;
static size_t mapped_byte_count;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
    const char *log = getenv("DISK_LOG");
    fault = getenv("DISK_FAULT");
    if (log) log_descriptor = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    directory = getenv("DISK_DIRECTORY");
}

static void must_write(const void *data, size_t count) {
    if (syscall(SYS_write, log_descriptor, data, count) != (long)count) abort();
}

static void log_record(uint32_t kind, uint32_t file, uint64_t offset, const void *data, size_t count) {
    if (log_descriptor < 0) return;
    struct record record = {kind, file, offset, count};
    must_write(&record, sizeof record);
    if (count > 0) must_write(data, count);
}

// Logs the pages of the mapped file that have changed since this was called last.
static void log_mapped_pages(void) {
    if (log_descriptor < 0 || mapped_descriptor < 0) return;
    struct stat status;
    if (fstat(mapped_descriptor, &status) != 0) return;
    if ((size_t)status.st_size > mapped_byte_count) {
        mapped_content = realloc(mapped_content, status.st_size);
        memset(mapped_content + mapped_byte_count, 0, status.st_size - mapped_byte_count);
        mapped_byte_count = status.st_size;
    }
    char page[PAGE];
    for (size_t offset = 0; offset + PAGE <= mapped_byte_count; offset += PAGE) {
        if (syscall(SYS_pread64, mapped_descriptor, page, PAGE, offset) != PAGE) return;
        if (memcmp(page, mapped_content + offset, PAGE) == 0) continue;
        memcpy(mapped_content + offset, page, PAGE);
        log_record(MAPPED, mapped_file, offset, page, PAGE);
    }
}

static int is_faulty(char call) {
    if (!fault) return 0;
    int descriptor = syscall(SYS_openat, AT_FDCWD, fault, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    char text[32] = {0}, *calls;
    long count = syscall(SYS_read, descriptor, text, sizeof text - 1);
    syscall(SYS_close, descriptor);
    if (count <= 0) return 0;
    int number = strtol(text, &calls, 10);
    if (!strchr(calls, call)) return 0;
    errno = number;
    return 1;
}

static int is_below(const char *path) {
    return directory && strncmp(path, directory, strlen(directory)) == 0;
}

static int is_lock_file(const char *path) {
    size_t count = strlen(path);
    return count > 5 && strcmp(path + count - 5, "-lock") == 0;
}

static uint32_t file_named(const char *path) {
    for (uint32_t file = 0; file < file_count; file++)
        if (names[file] && strcmp(names[file], path) == 0) return file + 1;
    return 0;
}

static const char *name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void log_name(uint32_t kind, uint32_t file, const char *path) {
    log_record(kind, file - 1, 0, name_of(path), strlen(name_of(path)));
}

static void opened(int descriptor, const char *path, int flags) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX) return;
    files[descriptor] = is_durable[descriptor] = is_directory[descriptor] = 0;
    if (!is_below(path) || is_lock_file(path)) return;
    is_directory[descriptor] = (flags & O_DIRECTORY) != 0;
    if (is_directory[descriptor] || (flags & O_ACCMODE) == O_RDONLY) return;
    uint32_t file = file_named(path);
    if (!file) {
        if (file_count == FILES_MAX) abort();
        names[file_count++] = strdup(path);
        file = file_count;
        log_name(CREATED, file, path);
    }
    files[descriptor] = file;
    is_durable[descriptor] = (flags & O_DSYNC) != 0;
    size_t count = strlen(path);
    if (count > 6 && strcmp(path + count - 6, ".spool") == 0) {
        mapped_file = file - 1;
        mapped_descriptor = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    }
}

static uint32_t file_of(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS_MAX ? files[descriptor] : 0;
}

static int open_any(int at, const char *path, int flags, mode_t mode) {
    pthread_mutex_lock(&lock);
    int descriptor = syscall(SYS_openat, at, path, flags, mode);
    int error = errno;
    opened(descriptor, path, flags);
    errno = error;
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define MODE_ARGUMENT(flags)                                                                          \
    mode_t mode = 0;                                                                                  \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                            \
        va_list list;                                                                                 \
        va_start(list, flags);                                                                        \
        mode = va_arg(list, mode_t);                                                                  \
        va_end(list);                                                                                 \
    }

int open(const char *path, int flags, ...) {
    MODE_ARGUMENT(flags);
    return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_ARGUMENT(flags);
    return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int at, const char *path, int flags, ...) {
    MODE_ARGUMENT(flags);
    return open_any(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    MODE_ARGUMENT(flags);
    return open_any(at, path, flags | O_LARGEFILE, mode);
}

int close(int descriptor) {
    pthread_mutex_lock(&lock);
    if (descriptor >= 0 && descriptor < DESCRIPTORS_MAX)
        files[descriptor] = is_durable[descriptor] = is_directory[descriptor] = 0;
    int result = syscall(SYS_close, descriptor);
    pthread_mutex_unlock(&lock);
    return result;
}

// Does a write to a file of the store: `call` with its result, unless the disk is faulty.
#define WRITE(descriptor, where, parts, part_count, call)                                             \
    do {                                                                                              \
        uint32_t file = file_of(descriptor);                                                          \
        if (!file) return call;                                                                       \
        pthread_mutex_lock(&lock);                                                                    \
        ssize_t result = -1;                                                                          \
        if (!is_faulty('w')) {                                                                        \
            off_t position = (where);                                                                 \
            log_mapped_pages();                                                                       \
            for (int i = 0; i < (part_count); i++) {                                                  \
                log_record(WRITTEN, file - 1, position, (parts)[i].iov_base, (parts)[i].iov_len);     \
                position += (parts)[i].iov_len;                                                       \
            }                                                                                         \
            result = call;                                                                            \
            if (is_durable[descriptor]) log_record(WRITTEN_DURABLY, file - 1, 0, NULL, 0);            \
        }                                                                                             \
        int error = errno;                                                                            \
        pthread_mutex_unlock(&lock);                                                                  \
        errno = error;                                                                                \
        return result;                                                                                \
    } while (0)

ssize_t write(int descriptor, const void *data, size_t count) {
    if (descriptor == STDOUT_FILENO && log_descriptor >= 0) {
        pthread_mutex_lock(&lock);
        log_mapped_pages();
        log_record(SAID, 0, 0, data, count);
        ssize_t result = syscall(SYS_write, descriptor, data, count);
        pthread_mutex_unlock(&lock);
        return result;
    }
    struct iovec part = {(void *)data, count};
    WRITE(descriptor, lseek(descriptor, 0, SEEK_CUR), &part, 1, syscall(SYS_write, descriptor, data, count));
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    WRITE(descriptor, lseek(descriptor, 0, SEEK_CUR), parts, count,
          syscall(SYS_writev, descriptor, parts, count));
}

ssize_t pwrite(int descriptor, const void *data, size_t count, off_t offset) {
    struct iovec part = {(void *)data, count};
    WRITE(descriptor, offset, &part, 1, syscall(SYS_pwrite64, descriptor, data, count, offset));
}

ssize_t pwrite64(int descriptor, const void *data, size_t count, off_t offset) {
    return pwrite(descriptor, data, count, offset);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    WRITE(descriptor, offset, parts, count, REAL(pwritev)(descriptor, parts, count, offset));
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off_t offset) {
    return pwritev(descriptor, parts, count, offset);
}

int ftruncate(int descriptor, off_t size) {
    uint32_t file = file_of(descriptor);
    if (!file) return syscall(SYS_ftruncate, descriptor, size);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (!is_faulty('w')) {
        log_record(SIZED, file - 1, size, NULL, 0);
        result = syscall(SYS_ftruncate, descriptor, size);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate64(int descriptor, off_t size) { return ftruncate(descriptor, size); }

int posix_fallocate(int descriptor, off_t offset, off_t count) {
    pthread_mutex_lock(&lock);
    if (file_of(descriptor)) log_record(SIZED, file_of(descriptor) - 1, offset + count, NULL, 0);
    int result = syscall(SYS_fallocate, descriptor, 0, offset, count) == 0 ? 0 : errno;
    pthread_mutex_unlock(&lock);
    return result;
}

int posix_fallocate64(int descriptor, off_t offset, off_t count) {
    return posix_fallocate(descriptor, offset, count);
}

static int sync_any(int descriptor, long number) {
    uint32_t file = file_of(descriptor);
    int is_of_store = file || (descriptor >= 0 && descriptor < DESCRIPTORS_MAX && is_directory[descriptor]);
    if (!is_of_store) return syscall(number, descriptor);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (!is_faulty('s')) {
        log_mapped_pages();
        // The log has the order, so nothing needs to reach a real disk.
        result = log_descriptor < 0 ? (int)syscall(number, descriptor) : 0;
        if (result == 0) log_record(file ? SYNCED : DIRECTORY_SYNCED, file ? file - 1 : 0, 0, NULL, 0);
    }
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int descriptor) { return sync_any(descriptor, SYS_fsync); }

int fdatasync(int descriptor) { return sync_any(descriptor, SYS_fdatasync); }

int rename(const char *old, const char *new) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_rename, old, new), error = errno;
    uint32_t file = result == 0 ? file_named(old) : 0;
    if (file) {
        uint32_t replaced = file_named(new);
        if (replaced) names[replaced - 1] = NULL;
        names[file - 1] = strdup(new);
        log_name(RENAMED, file, new);
    }
    errno = error;
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_unlink, path), error = errno;
    uint32_t file = result == 0 ? file_named(path) : 0;
    if (file) {
        names[file - 1] = NULL;
        log_name(REMOVED, file, path);
    }
    errno = error;
    pthread_mutex_unlock(&lock);
    return result;
}
