// What glibc has and Swift's module of it leaves out.

/// The core that the calling thread runs on (`sched_getcpu(3)`).
int sched_getcpu(void);
