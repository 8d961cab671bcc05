#pragma once
#include <spawn.h>

// glibc's own additions, which Swift's module of it leaves out: descriptors that no other program inherits.

/// A pipe that no started program inherits; 0, or -1 with errno.
int ctestkit_pipe(int ends[2]);
/// The next connection, which no started program inherits; -1 with errno.
int ctestkit_accept(int listener);
/// Closes all descriptors from the given one on in the program that is started.
int ctestkit_close_from(posix_spawn_file_actions_t *actions, int first);
