// Git's smart HTTP protocol for libgit2 over libcurl.
//
// libgit2's own HTTP knows no timeouts, and Debian's is built on mbedTLS 2.28, which refuses certificates for IP addresses and
// speaks no TLS 1.3. One thread runs one operation: a read pumps libcurl until bytes are there, so that nothing is ever
// buffered beyond BUFFER_HIGH, and looks at the deadline and the cancel flag at least every 100 ms.
#include "cgit2.h"
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_HIGH (1 << 20)

typedef struct {
    git_smart_subtransport parent;
    git_transport *owner;
    cgit2_http_session *session;
    CURLM *multi;
    char *base;  // after redirects of the first request, without "/info/refs"
} subtransport;

typedef struct {
    git_smart_subtransport_stream parent;
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    const char *expected_type;
    int is_post, started, done, paused, checked;
    char *request;
    size_t request_length, request_capacity;
    char *buffer;
    size_t start, end, capacity;
    int64_t received;
    char error[CURL_ERROR_SIZE];
} stream;

static int fail(cgit2_http_session *session, int failure, const char *message) {
    if (session->failure == CGIT2_HTTP_OK) {
        session->failure = failure;
        snprintf(session->message, sizeof session->message, "%s", message ? message : "");
    }
    git_error_set_str(GIT_ERROR_HTTP, session->message[0] ? session->message : "HTTP exchange failed");
    return -1;
}

static cgit2_http_session *session_of(stream *s) { return ((subtransport *)s->parent.subtransport)->session; }

static size_t on_body(char *data, size_t size, size_t count, void *context) {
    stream *s = context;
    size_t length = size * count;
    cgit2_http_session *session = session_of(s);
    if (s->end - s->start >= BUFFER_HIGH) {
        s->paused = 1;
        return CURL_WRITEFUNC_PAUSE;
    }
    s->received += (int64_t)length;
    if (s->received > session->max_response) {
        fail(session, CGIT2_HTTP_TOO_LARGE, "the answer is larger than allowed");
        return 0;
    }
    if (s->start > 0) {
        memmove(s->buffer, s->buffer + s->start, s->end - s->start);
        s->end -= s->start;
        s->start = 0;
    }
    if (s->capacity - s->end < length) {
        size_t capacity = s->end + length + (64 << 10);
        char *grown = realloc(s->buffer, capacity);
        if (!grown) return 0;
        s->buffer = grown;
        s->capacity = capacity;
    }
    memcpy(s->buffer + s->end, data, length);
    s->end += length;
    return length;
}

// The bytes of `url` that name scheme, host and port.
static size_t origin_length(const char *url) {
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

static int same_origin(const char *a, const char *b) {
    size_t length = origin_length(a);
    return length > 0 && length == origin_length(b) && strncmp(a, b, length) == 0;
}

static void set_blob(CURL *easy, CURLoption option, const char *text) {
    struct curl_blob blob = {(void *)text, strlen(text), CURL_BLOB_COPY};
    curl_easy_setopt(easy, option, &blob);
}

static int start(stream *s) {
    subtransport *t = (subtransport *)s->parent.subtransport;
    cgit2_http_session *session = t->session;
    CURL *easy = s->easy = curl_easy_init();
    if (!easy) return fail(session, CGIT2_HTTP_NETWORK, "out of memory");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, s->error);
    curl_easy_setopt(easy, CURLOPT_URL, s->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, strncmp(s->url, "https:", 6) == 0 ? "https" : "http,https");
    // Paused HTTP/1.1 bodies stay in the kernel; HTTP/2 ones would pile up inside libcurl.
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "git/2.0 (sluice)");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 15000L);
    curl_easy_setopt(easy, CURLOPT_PROXY, session->proxy ? session->proxy : "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 60L);
    if (session->insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    } else if (session->ca_pem) {
        set_blob(easy, CURLOPT_CAINFO_BLOB, session->ca_pem);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (session->client_certificate_pem && session->client_key_pem) {
        set_blob(easy, CURLOPT_SSLCERT_BLOB, session->client_certificate_pem);
        curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
        set_blob(easy, CURLOPT_SSLKEY_BLOB, session->client_key_pem);
    }
    // On a redirect within one request libcurl itself keeps credentials from other hosts; `check_head` does it between requests.
    if (session->bearer) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, session->bearer);
    } else if (session->username || session->password) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, session->username ? session->username : "");
        curl_easy_setopt(easy, CURLOPT_PASSWORD, session->password ? session->password : "");
    }
    if (s->is_post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, s->request ? s->request : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->request_length);
        s->headers = curl_slist_append(s->headers, "Expect:");
    } else {
        curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
        curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 5L);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, s->headers);
    if (curl_multi_add_handle(t->multi, easy) != CURLM_OK) return fail(session, CGIT2_HTTP_NETWORK, "out of memory");
    s->started = 1;
    return 0;
}

// Judges the answer's head once, before its first byte is handed on.
static int check_head(stream *s) {
    subtransport *t = (subtransport *)s->parent.subtransport;
    long status = 0;
    char *type = NULL, *effective = NULL;
    s->checked = 1;
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
    t->session->status = status;
    if (status != 200) {
        char text[64];
        snprintf(text, sizeof text, "the server answered %ld", status);
        return fail(t->session, CGIT2_HTTP_STATUS, text);
    }
    curl_easy_getinfo(s->easy, CURLINFO_CONTENT_TYPE, &type);
    if (!type || strncmp(type, s->expected_type, strlen(s->expected_type)) != 0)
        return fail(t->session, CGIT2_HTTP_NOT_GIT, "the answer is not that of a Git server");
    if (s->is_post) return 0;
    // Later requests go where a redirect of the first one led, as git's own client does.
    curl_easy_getinfo(s->easy, CURLINFO_EFFECTIVE_URL, &effective);
    char *suffix = effective ? strstr(effective, "/info/refs") : NULL;
    if (!suffix) return fail(t->session, CGIT2_HTTP_BAD_REDIRECT, "the server redirected to a place without /info/refs");
    char *moved = strndup(effective, (size_t)(suffix - effective));
    if (!moved) return fail(t->session, CGIT2_HTTP_NETWORK, "out of memory");
    if (t->base && !same_origin(t->base, moved)) {
        // Another host never gets the credentials of this one.
        t->session->username = t->session->password = t->session->bearer = NULL;
    }
    free(t->base);
    t->base = moved;
    return 0;
}

static int finish(stream *s, CURLcode code) {
    cgit2_http_session *session = session_of(s);
    s->done = 1;
    if (session->failure != CGIT2_HTTP_OK) return fail(session, session->failure, NULL);
    switch (code) {
    case CURLE_OK: return 0;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return fail(session, CGIT2_HTTP_UNTRUSTED, s->error[0] ? s->error : curl_easy_strerror(code));
    case CURLE_TOO_MANY_REDIRECTS:
        return fail(session, CGIT2_HTTP_BAD_REDIRECT, "the server redirects in circles");
    default: return fail(session, CGIT2_HTTP_NETWORK, s->error[0] ? s->error : curl_easy_strerror(code));
    }
}

// Runs the exchange until bytes are buffered or it is over.
static int pump(stream *s) {
    subtransport *t = (subtransport *)s->parent.subtransport;
    cgit2_http_session *session = t->session;
    if (!s->started && start(s) < 0) return -1;
    while (!s->done && s->end == s->start) {
        int running = 0, queued = 0;
        if (session->cancelled && cgit2_load_flag(session->cancelled))
            return fail(session, CGIT2_HTTP_CANCELLED, "cancelled");
        int64_t left = session->deadline - cgit2_now();
        if (left <= 0) return fail(session, CGIT2_HTTP_DEADLINE, "the server did not answer in time");
        if (s->paused) {
            s->paused = 0;
            curl_easy_pause(s->easy, CURLPAUSE_CONT);
        }
        if (curl_multi_perform(t->multi, &running) != CURLM_OK)
            return fail(session, CGIT2_HTTP_NETWORK, "libcurl failed");
        for (CURLMsg *m; (m = curl_multi_info_read(t->multi, &queued));)
            if (m->msg == CURLMSG_DONE && m->easy_handle == s->easy && finish(s, m->data.result) < 0) return -1;
        if (!s->done && s->end == s->start) curl_multi_poll(t->multi, NULL, 0, left < 100 ? (int)left : 100, NULL);
    }
    return s->checked ? 0 : check_head(s);
}

static int stream_read(git_smart_subtransport_stream *parent, char *out, size_t size, size_t *count) {
    stream *s = (stream *)parent;
    *count = 0;
    if (pump(s) < 0) return -1;
    size_t length = s->end - s->start < size ? s->end - s->start : size;
    memcpy(out, s->buffer + s->start, length);
    s->start += length;
    *count = length;
    return 0;
}

static int stream_write(git_smart_subtransport_stream *parent, const char *data, size_t length) {
    stream *s = (stream *)parent;
    cgit2_http_session *session = session_of(s);
    if ((int64_t)(s->request_length + length) > session->max_request)
        return fail(session, CGIT2_HTTP_TOO_LARGE, "the request is larger than allowed");
    if (s->request_capacity - s->request_length < length) {
        size_t capacity = s->request_length * 2 + length + 4096;
        char *grown = realloc(s->request, capacity);
        if (!grown) return fail(session, CGIT2_HTTP_NETWORK, "out of memory");
        s->request = grown;
        s->request_capacity = capacity;
    }
    memcpy(s->request + s->request_length, data, length);
    s->request_length += length;
    return 0;
}

static void stream_free(git_smart_subtransport_stream *parent) {
    stream *s = (stream *)parent;
    if (s->easy) {
        if (s->started) curl_multi_remove_handle(((subtransport *)parent->subtransport)->multi, s->easy);
        curl_easy_cleanup(s->easy);
    }
    curl_slist_free_all(s->headers);
    free(s->url);
    free(s->request);
    free(s->buffer);
    free(s);
}

static int action(git_smart_subtransport_stream **out, git_smart_subtransport *parent, const char *url,
                  git_smart_service_t service) {
    subtransport *t = (subtransport *)parent;
    int receive = service == GIT_SERVICE_RECEIVEPACK_LS || service == GIT_SERVICE_RECEIVEPACK;
    int advertise = service == GIT_SERVICE_UPLOADPACK_LS || service == GIT_SERVICE_RECEIVEPACK_LS;
    const char *name = receive ? "git-receive-pack" : "git-upload-pack";
    if (!t->base) {
        t->base = strdup(url);
        if (!t->base) return fail(t->session, CGIT2_HTTP_NETWORK, "out of memory");
        for (size_t n = strlen(t->base); n > 0 && t->base[n - 1] == '/'; n--) t->base[n - 1] = 0;
    }
    stream *s = calloc(1, sizeof *s);
    size_t capacity = strlen(t->base) + 64;
    char *text = s ? malloc(capacity) : NULL;
    if (!text) {
        free(s);
        return fail(t->session, CGIT2_HTTP_NETWORK, "out of memory");
    }
    s->url = text;
    s->is_post = !advertise;
    if (advertise) {
        snprintf(text, capacity, "%s/info/refs?service=%s", t->base, name);
        s->expected_type =
            receive ? "application/x-git-receive-pack-advertisement" : "application/x-git-upload-pack-advertisement";
    } else {
        snprintf(text, capacity, "%s/%s", t->base, name);
        s->expected_type = receive ? "application/x-git-receive-pack-result" : "application/x-git-upload-pack-result";
        s->headers = curl_slist_append(s->headers, receive ? "Content-Type: application/x-git-receive-pack-request"
                                                           : "Content-Type: application/x-git-upload-pack-request");
        s->headers = curl_slist_append(s->headers, receive ? "Accept: application/x-git-receive-pack-result"
                                                           : "Accept: application/x-git-upload-pack-result");
    }
    s->parent.subtransport = parent;
    s->parent.read = stream_read;
    s->parent.write = stream_write;
    s->parent.free = stream_free;
    *out = &s->parent;
    return 0;
}

static int close_subtransport(git_smart_subtransport *parent) {
    (void)parent;
    return 0;
}

static void free_subtransport(git_smart_subtransport *parent) {
    subtransport *t = (subtransport *)parent;
    curl_multi_cleanup(t->multi);
    free(t->base);
    free(t);
}

static int make_subtransport(git_smart_subtransport **out, git_transport *owner, void *param) {
    subtransport *t = calloc(1, sizeof *t);
    CURLM *multi = curl_multi_init();
    if (!t || !multi) {
        free(t);
        curl_multi_cleanup(multi);
        return fail(param, CGIT2_HTTP_NETWORK, "out of memory");
    }
    t->multi = multi;
    t->owner = owner;
    t->session = param;
    t->parent.action = action;
    t->parent.close = close_subtransport;
    t->parent.free = free_subtransport;
    *out = &t->parent;
    return 0;
}

int cgit2_http_transport(git_transport **out, git_remote *owner, void *param) {
    // libgit2 reads the definition only while it makes the transport.
    git_smart_subtransport_definition definition = {make_subtransport, 1, param};
    return git_transport_smart(out, owner, &definition);
}
