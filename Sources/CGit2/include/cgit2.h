#pragma once
#include <git2.h>
#include <git2/sys/transport.h>
#include <stdint.h>

/// Starts libgit2 for the process: no system or user configuration, repositories of any owner. Returns libgit2's code.
int cgit2_start(void);

/// Why an HTTP exchange ended, told apart before libgit2 turns it into a message.
enum cgit2_http_failure {
    CGIT2_HTTP_OK = 0,
    CGIT2_HTTP_STATUS,       // `status` holds what the server answered
    CGIT2_HTTP_NOT_GIT,      // 200, but not the media type of a Git server
    CGIT2_HTTP_DEADLINE,
    CGIT2_HTTP_CANCELLED,
    CGIT2_HTTP_UNTRUSTED,    // certificate refused
    CGIT2_HTTP_TOO_LARGE,
    CGIT2_HTTP_BAD_REDIRECT,
    CGIT2_HTTP_NETWORK,      // `message` holds libcurl's words
};

/// What one Git operation over HTTP may use, and how it ended. The caller owns all strings and keeps them alive.
typedef struct {
    const char *username;    // basic authentication; NULL for none
    const char *password;
    const char *bearer;      // sent instead of basic; NULL for none
    const char *ca_pem;      // trusted besides nothing else; NULL for the system's
    const char *client_certificate_pem;
    const char *client_key_pem;
    const char *proxy;       // NULL for none; the environment is never read
    int insecure;            // does not check certificates
    int64_t deadline;        // milliseconds of the monotonic clock
    int64_t max_response;    // bytes for each exchange
    int64_t max_request;
    const int *cancelled;    // non-zero ends the operation; read atomically
    int failure;             // enum cgit2_http_failure
    long status;             // HTTP status
    char message[256];
} cgit2_http_session;

/// A git_transport_cb over libcurl; `param` is a cgit2_http_session that outlives the remote.
int cgit2_http_transport(git_transport **out, git_remote *owner, void *param);

/// Milliseconds of the monotonic clock.
int64_t cgit2_now(void);

void cgit2_store_flag(int *flag, int value);
int cgit2_load_flag(const int *flag);
