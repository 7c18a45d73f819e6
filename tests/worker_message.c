/* Control messages: whole or not at all, bounded, and with a descriptor where one is sent. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "workers/message.h"

struct pair {
    int ours, theirs;
};

static struct pair connect_pair(void)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    return (struct pair){ends[0], ends[1]};
}

static struct worker_message *receive(int fd, int expected)
{
    struct worker_message *message = malloc(sizeof *message);
    int descriptor = -2;
    cr_assert_eq(worker_message_receive(fd, message, &descriptor), expected);
    cr_assert_eq(descriptor, -1);
    return message;
}

static int send_text(int fd, const char *text)
{
    return worker_message_send_text(fd, (struct worker_message_header){.type = WORKER_EVENT}, text,
                                    false);
}

/* -- what arrives ------------------------------------------------------------------------------ */

Test(message, arrives_as_it_was_sent)
{
    struct pair pair = connect_pair();
    const struct worker_counts counts = {.received = UINT64_C(1) << 40, .skipped = 7};
    const struct worker_message_header header = {
        .type = WORKER_DEACTIVATED, .camera = 3000000000u, .value = -EPROTO};
    cr_assert_eq(worker_message_send(pair.theirs, header, &counts, sizeof counts, -1, true), 0);
    struct worker_message *message = receive(pair.ours, 0);
    cr_expect_eq(message->header.version, WORKER_MESSAGE_VERSION);
    cr_expect_eq(message->header.type, WORKER_DEACTIVATED);
    cr_expect_eq(message->header.camera, 3000000000u);
    cr_expect_eq(message->header.value, -EPROTO);
    cr_expect_eq(message->header.size, sizeof counts);
    cr_expect_eq(message->counts.received, counts.received);
    cr_expect_eq(message->counts.skipped, counts.skipped);
}

Test(message, without_payload)
{
    struct pair pair = connect_pair();
    const struct worker_message_header header = {.type = WORKER_STOP};
    cr_assert_eq(worker_message_send(pair.theirs, header, NULL, 0, -1, false), 0);
    cr_expect_eq(receive(pair.ours, 0)->header.type, WORKER_STOP);
}

Test(message, several_stay_apart_and_in_order)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send_text(pair.theirs, "first"), 0);
    cr_assert_eq(send_text(pair.theirs, ""), 0);
    cr_assert_eq(send_text(pair.theirs, "third"), 0);
    cr_expect_str_eq(receive(pair.ours, 0)->text, "first");
    cr_expect_str_eq(receive(pair.ours, 0)->text, "");
    cr_expect_str_eq(receive(pair.ours, 0)->text, "third");
    receive(pair.ours, -EAGAIN);
}

Test(message, goes_in_both_directions)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send_text(pair.theirs, "to us"), 0);
    cr_assert_eq(send_text(pair.ours, "to them"), 0);
    cr_expect_str_eq(receive(pair.ours, 0)->text, "to us");
    cr_expect_str_eq(receive(pair.theirs, 0)->text, "to them");
}

/* -- bounds ------------------------------------------------------------------------------------ */

static char *make_text(size_t length)
{
    char *text = malloc(length + 1);
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

Test(bounds, the_longest_text_arrives_whole)
{
    struct pair pair = connect_pair();
    char *text = make_text(WORKER_TEXT_MAX - 1);
    cr_assert_eq(send_text(pair.theirs, text), 0);
    cr_expect_str_eq(receive(pair.ours, 0)->text, text);
}

Test(bounds, a_longer_text_is_cut)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send_text(pair.theirs, make_text(WORKER_TEXT_MAX)), 0);
    cr_assert_eq(send_text(pair.theirs, make_text(1000000)), 0);
    cr_expect_eq(strlen(receive(pair.ours, 0)->text), WORKER_TEXT_MAX - 1);
    cr_expect_eq(strlen(receive(pair.ours, 0)->text), WORKER_TEXT_MAX - 1);
}

Test(bounds, a_longer_payload_is_refused_and_nothing_of_it_sent)
{
    struct pair pair = connect_pair();
    const struct worker_message_header header = {.type = WORKER_EVENT};
    char *text = make_text(WORKER_TEXT_MAX);
    cr_expect_eq(worker_message_send(pair.theirs, header, text, WORKER_TEXT_MAX + 1, -1, true),
                 -EMSGSIZE);
    receive(pair.ours, -EAGAIN);
}

/* What does not fit any more is not sent in part either: all that was taken arrives whole. */
Test(bounds, a_full_socket_takes_whole_messages_only)
{
    struct pair pair = connect_pair();
    char *text = make_text(20000);
    size_t sent = 0;
    int error;
    while ((error = send_text(pair.theirs, text)) == 0)
        sent++;
    cr_expect_eq(error, -EAGAIN);
    cr_expect_gt(sent, 0);
    for (size_t i = 0; i < sent; i++)
        cr_assert_str_eq(receive(pair.ours, 0)->text, text);
    receive(pair.ours, -EAGAIN);
}

/* -- the other side is gone -------------------------------------------------------------------- */

Test(gone, is_told_to_the_receiver_after_what_was_sent)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send_text(pair.theirs, "last words"), 0);
    close(pair.theirs);
    cr_expect_str_eq(receive(pair.ours, 0)->text, "last words");
    receive(pair.ours, -EPIPE);
    receive(pair.ours, -EPIPE);
}

/* SIGPIPE would end this test. */
Test(gone, is_told_to_the_sender)
{
    struct pair pair = connect_pair();
    close(pair.ours);
    cr_expect_eq(send_text(pair.theirs, "hello?"), -EPIPE);
}

/* What nobody has read when the reader closes resets the connection. */
Test(gone, with_messages_unread_is_no_other_error_to_the_sender)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send_text(pair.ours, "unread"), 0);
    close(pair.theirs);
    cr_expect_eq(send_text(pair.ours, "hello?"), -EPIPE);
    cr_expect_eq(send_text(pair.ours, "hello?"), -EPIPE);
    receive(pair.ours, -EPIPE);
    close(pair.ours);
}

Test(gone, with_messages_unread_is_no_other_error)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send_text(pair.ours, "unread"), 0);
    close(pair.theirs);
    receive(pair.ours, -EPIPE);
}

/* -- descriptors ------------------------------------------------------------------------------- */

static bool is_same_file(int a, int b)
{
    struct stat one;
    struct stat other;
    cr_assert_eq(fstat(a, &one), 0);
    cr_assert_eq(fstat(b, &other), 0);
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

Test(descriptor, rides_along)
{
    struct pair pair = connect_pair();
    int pipes[2];
    cr_assert_eq(pipe(pipes), 0);
    const struct worker_message_header header = {.type = WORKER_ACTIVATED, .value = 5};
    cr_assert_eq(worker_message_send(pair.theirs, header, NULL, 0, pipes[0], false), 0);

    struct worker_message message;
    int descriptor;
    cr_assert_eq(worker_message_receive(pair.ours, &message, &descriptor), 0);
    cr_expect_eq(message.header.value, 5);
    cr_assert_geq(descriptor, 0);
    cr_expect_neq(descriptor, pipes[0]);
    cr_expect(is_same_file(descriptor, pipes[0]));
    cr_expect_eq(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
    close(pipes[0]);
    close(pipes[1]);
    cr_expect_eq(read(descriptor, &message, 1), 0);
}

/* Sends bytes as they are, with copies of a descriptor: what a broken peer might do. */
static void send_raw(int fd, const void *head, size_t head_size, const void *tail, size_t tail_size,
                     unsigned descriptors)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(8 * sizeof(int))];
    } control = {0};
    struct iovec parts[2] = {{(void *)head, head_size}, {(void *)tail, tail_size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (descriptors > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        for (unsigned i = 0; i < descriptors; i++)
            ((int *)(void *)CMSG_DATA(rights))[i] = STDIN_FILENO;
    }
    cr_assert_eq(sendmsg(fd, &message, 0), (ssize_t)(head_size + tail_size));
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Only one was asked for: a second one, which nobody would ever close, is not let in. */
Test(descriptor, that_is_one_too_many_leaked)
{
    struct pair pair = connect_pair();
    const struct worker_message_header header = {.version = WORKER_MESSAGE_VERSION,
                                                 .type = WORKER_STOP};
    struct worker_message message;
    int descriptor;
    for (unsigned count = 1; count <= 8; count++) {
        const int before = open_descriptors();
        send_raw(pair.theirs, &header, sizeof header, NULL, 0, count);
        cr_assert_eq(worker_message_receive(pair.ours, &message, &descriptor), 0);
        cr_assert_geq(descriptor, 0);
        close(descriptor);
        cr_assert_eq(open_descriptors(), before, "%u descriptors", count);
    }
}

/* At the limit there is no number for it: the message came as if it had none. */
Test(descriptor, for_which_there_is_no_room_is_told)
{
    struct pair pair = connect_pair();
    struct worker_message message;
    int descriptor;
    const struct worker_message_header header = {.version = WORKER_MESSAGE_VERSION,
                                                 .type = WORKER_STOP};
    send_raw(pair.theirs, &header, sizeof header, NULL, 0, 1);
    send_raw(pair.theirs, &header, sizeof header, NULL, 0, 0);
    struct rlimit limit, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int first = worker_message_receive(pair.ours, &message, &descriptor);
    int second = worker_message_receive(pair.ours, &message, &(int){0});
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_expect_eq(first, -EMFILE);
    cr_expect_eq(descriptor, -1);
    cr_expect_eq(message.header.type, WORKER_STOP);
    cr_expect_eq(second, 0);
}

Test(descriptor, of_a_bad_message_is_the_callers_too)
{
    struct pair pair = connect_pair();
    const struct worker_message_header header = {.version = 99, .type = WORKER_STOP};
    send_raw(pair.theirs, &header, sizeof header, NULL, 0, 1);
    struct worker_message message;
    int descriptor;
    cr_expect_eq(worker_message_receive(pair.ours, &message, &descriptor), -EPROTO);
    cr_expect_geq(descriptor, 0);
}

/* -- bad messages ------------------------------------------------------------------------------ */

static void check_refused(struct worker_message_header header, const void *payload, size_t size)
{
    struct pair pair = connect_pair();
    send_raw(pair.theirs, &header, sizeof header, payload, size, 0);
    receive(pair.ours, -EPROTO);
    receive(pair.ours, -EAGAIN);
    close(pair.ours);
    close(pair.theirs);
}

static struct worker_message_header header_of(unsigned type, size_t size)
{
    return (struct worker_message_header){
        .version = WORKER_MESSAGE_VERSION, .type = (uint16_t)type, .size = (uint32_t)size};
}

Test(bad, shorter_than_a_header)
{
    struct pair pair = connect_pair();
    const struct worker_message_header header = header_of(WORKER_STOP, 0);
    for (size_t size = 1; size < sizeof header; size++) {
        send_raw(pair.theirs, &header, size, NULL, 0, 0);
        receive(pair.ours, -EPROTO);
    }
}

/* It looked like the end. */
Test(bad, empty_is_not_the_end)
{
    struct pair pair = connect_pair();
    cr_assert_eq(send(pair.theirs, "", 0, 0), 0);
    receive(pair.ours, -EPROTO);
    receive(pair.ours, -EAGAIN);
    cr_assert_eq(send(pair.theirs, "", 0, 0), 0);
    cr_assert_eq(send(pair.theirs, "", 0, 0), 0);
    cr_assert_eq(send_text(pair.theirs, "last words"), 0);
    close(pair.theirs);
    receive(pair.ours, -EPROTO);
    receive(pair.ours, -EPROTO);
    cr_expect_str_eq(receive(pair.ours, 0)->text, "last words");
    receive(pair.ours, -EPIPE);
}

Test(bad, of_another_version)
{
    struct worker_message_header header = header_of(WORKER_STOP, 0);
    header.version++;
    check_refused(header, NULL, 0);
}

Test(bad, size_that_is_not_the_messages)
{
    const struct worker_counts counts = {0};
    check_refused(header_of(WORKER_DEACTIVATED, sizeof counts - 1), &counts, sizeof counts);
    check_refused(header_of(WORKER_DEACTIVATED, sizeof counts + 1), &counts, sizeof counts);
    check_refused(header_of(WORKER_DEACTIVATED, UINT32_MAX), &counts, sizeof counts);
    check_refused(header_of(WORKER_DEACTIVATED, 0), &counts, sizeof counts);
}

/* Every type has its own size; one byte less or more is none of them. */
Test(bad, size_that_is_not_its_types)
{
    static const struct {
        enum worker_message_type type;
        size_t size;
    } types[] = {
        {WORKER_STOP, 0},
        {WORKER_ACTIVATE, sizeof(struct worker_activate)},
        {WORKER_ACTIVATED, 0},
        {WORKER_DEACTIVATED, sizeof(struct worker_counts)},
        {WORKER_STREAM, sizeof(struct worker_stream)},
        {WORKER_PROGRESS, sizeof(struct worker_progress)},
        {WORKER_DONE, sizeof(struct worker_progress)},
    };
    static const char payload[1024];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct pair pair = connect_pair();
        const struct worker_message_header header = header_of(types[i].type, types[i].size);
        send_raw(pair.theirs, &header, sizeof header, payload, types[i].size, 0);
        cr_expect_eq(receive(pair.ours, 0)->header.type, types[i].type);
        check_refused(header_of(types[i].type, types[i].size + 1), payload, types[i].size + 1);
        if (types[i].size > 0)
            check_refused(header_of(types[i].type, types[i].size - 1), payload, types[i].size - 1);
    }
}

Test(bad, text_without_its_end)
{
    static const enum worker_message_type types[] = {WORKER_LOG, WORKER_EVENT};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        check_refused(header_of(types[i], 4), "text", 4);
        check_refused(header_of(types[i], 0), NULL, 0);
    }
}

/* It was cut to what the receiver holds, and taken for whole. */
Test(bad, longer_than_the_receiver_holds)
{
    const size_t held = sizeof(struct worker_message) - sizeof(struct worker_message_header);
    char *payload = calloc(1, held + 100);
    check_refused(header_of(WORKER_EVENT, held), payload, held + 100);
}
