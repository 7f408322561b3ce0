// What glibc has and Swift's module of it leaves out.

/// The core that the calling thread runs on (`sched_getcpu(3)`).
int sched_getcpu(void);

/// Gives memory that is free back to the system (`malloc_trim(3)`).
int malloc_trim(unsigned long pad);

/// Changes the space of a file (`fallocate(2)`); off_t has 64 bits.
int fallocate(int descriptor, int mode, long offset, long length);
