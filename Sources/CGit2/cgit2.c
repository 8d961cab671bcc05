#include "cgit2.h"
#include <time.h>

int cgit2_start(void) {
    int code = git_libgit2_init();
    if (code < 0) return code;
    // The mirror may lie on a volume of another uid, and nothing in a user's or system's configuration (insteadOf,
    // proxies, hooks of credentials) may change where we connect.
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECTS, (size_t)20000000);
    git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
    return 0;
}

int64_t cgit2_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cgit2_store_flag(int *flag, int value) { __atomic_store_n(flag, value, __ATOMIC_RELEASE); }
int cgit2_load_flag(const int *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }
