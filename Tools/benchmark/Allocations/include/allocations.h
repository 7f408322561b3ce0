#pragma once
#include <malloc.h>
#include <stdint.h>

/// What the calling thread has asked of the heap since it began.
struct spanlog_allocations {
    uint64_t count;
    uint64_t bytes;
};

struct spanlog_allocations spanlog_allocations(void);
