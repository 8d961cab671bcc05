#include "ccurl.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

CURLcode ccurl_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

static int watch_peer(void *context, curl_socket_t socket, curlsocktype purpose) {
    (void)context;
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKOPT_OK;
    int on = 1, idle = 30, interval = 5, count = 3;
    unsigned int unanswered = 15000; // milliseconds; also covers data that was sent and never acknowledged
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
    setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof unanswered);
    return CURL_SOCKOPT_OK;
}

CURLcode ccurl_set_dead_peer_detection(CURL *handle) {
    return curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, watch_peer);
}
