// The whole algorithm comes from the header, so a service links no further library for it.
#define XXH_INLINE_ALL
#include <xxhash.h>

static inline uint64_t spanlog_xxh3_64(const void *bytes, size_t count) {
    return XXH3_64bits(bytes, count);
}

static inline XXH128_hash_t spanlog_xxh3_128(const void *bytes, size_t count, uint64_t seed) {
    return XXH3_128bits_withSeed(bytes, count, seed);
}
