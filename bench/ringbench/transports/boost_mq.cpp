/* Boost.Interprocess' message queue, one to each reader. */
#include <boost/interprocess/ipc/message_queue.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "bench/ringbench/transport.h"
extern const struct bench_transport bench_boost_mq;
}

namespace
{

using boost::interprocess::message_queue;

struct queues {
    std::size_t size;
    std::vector<std::unique_ptr<message_queue>> queue;
    std::vector<std::string> names;
};

struct reader {
    message_queue *queue;
    std::vector<unsigned char> buffer;
};

void destroy(void *shared)
{
    auto *all = static_cast<queues *>(shared);
    for (const auto &name : all->names)
        message_queue::remove(name.c_str());
    delete all;
}

int create(void **shared, const bench_setup *setup)
{
    auto *all = new queues{setup->size, {}, {}};
    try {
        for (unsigned i = 0; i < setup->readers; i++) {
            all->names.push_back(std::string(setup->name) + "." + std::to_string(i));
            all->queue.emplace_back(new message_queue(boost::interprocess::create_only,
                                                      all->names.back().c_str(), setup->slots,
                                                      setup->size));
        }
    } catch (const std::exception &) {
        destroy(all);
        return -ENOSPC;
    }
    *shared = all;
    return 0;
}

int open_writer(void **writer, void *shared, const bench_setup *)
{
    *writer = shared;
    return 0;
}

int send(void *writer, const void *data)
{
    auto *all = static_cast<queues *>(writer);
    for (const auto &queue : all->queue)
        queue->send(data, all->size, 0);
    return 0;
}

void close_writer(void *)
{
}

int open_reader(void **out, void *shared, const bench_setup *setup, unsigned index)
{
    auto *all = static_cast<queues *>(shared);
    *out = new reader{all->queue[index].get(), std::vector<unsigned char>(setup->size)};
    return 0;
}

int receive(void *handle, const void **data)
{
    auto *self = static_cast<reader *>(handle);
    message_queue::size_type got;
    unsigned priority;
    self->queue->receive(self->buffer.data(), self->buffer.size(), got, priority);
    *data = self->buffer.data();
    return got == self->buffer.size() ? 0 : -EBADMSG;
}

void close_reader(void *handle)
{
    delete static_cast<reader *>(handle);
}

bench_transport describe()
{
    bench_transport t = {};
    t.name = "boost-mq";
    t.summary = "Boost.Interprocess message_queue, one to each reader";
    t.kind = BENCH_PEER;
    t.create = create;
    t.destroy = destroy;
    t.open_writer = open_writer;
    t.send = send;
    t.close_writer = close_writer;
    t.open_reader = open_reader;
    t.receive = receive;
    t.close_reader = close_reader;
    return t;
}

} // namespace

const struct bench_transport bench_boost_mq = describe();
