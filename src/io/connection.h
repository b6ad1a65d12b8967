// One accepted connection of a Server: a coroutine that reads requests, lets the handler answer and writes the answers,
// in order. While nothing is asked it holds neither buffers nor an Exchange, only its socket and its TLS state.
#pragma once
#include <openssl/ssl.h>

#include <array>
#include <atomic>
#include <coroutine>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http/codec.h"
#include "http/handler.h"
#include "io/loop.h"

namespace io {

// The memory of one request and its answer. Handed from connection to connection, so that it grows once.
struct Exchange {
  explicit Exchange(http::Limits limits) : reader(limits) {}
  http::RequestReader reader;
  http::Request request;
  http::Response response;
  std::string output;    // what is being written
  std::string leftover;  // pipelined input that came with this request
};

// What all loops of a server count together.
struct Counts {
  std::atomic<std::size_t> connections = 0, bodies = 0, answers = 0;  // the latter two in bytes that Connections hold
};

// What the connections of one loop share. Belongs to the loop's thread, but for what is atomic.
struct Worker {
  Worker(http::Limits ofRequests, std::size_t bytesOfBodies, std::size_t bytesOfAnswers, Counts& ofAll)
      : limits(ofRequests),
        maxBodies(bytesOfBodies),
        maxAnswers(bytesOfAnswers),
        connections(ofAll.connections),
        bodies(ofAll.bodies),
        answers(ofAll.answers) {}

  std::unique_ptr<Exchange> takeExchange();
  void giveBack(std::unique_ptr<Exchange> exchange);

  http::Limits limits;
  std::size_t maxBodies, maxAnswers;
  std::atomic<std::size_t>&connections, &bodies, &answers;  // Counts
  std::unordered_map<std::string, std::size_t> byPeer;      // connections of this loop by the address of their peer
  http::Handler* handler = nullptr;
  std::atomic<bool> isDraining = false;
  std::atomic<std::uint64_t> heard = 0;  // connections, and pieces of what they said
  std::array<char, 64u << 10> input;
  std::vector<std::unique_ptr<Exchange>> spare;
  std::function<void()> connectionClosed = [] {};
  Loop loop;  // last: its connections go first
};

class Connection final : public Watched {
 public:
  // `tls` null: plain. Counts itself in worker.connections.
  Connection(Worker& worker, Descriptor socket, SSL_CTX* tls, std::string peer);
  ~Connection() override;

  void start();  // once, after the loop has adopted it
  void ready(std::uint32_t events) override;
  void expired() override;
  const std::string& peer() const { return peer_; }

 private:
  // What an operation on the socket came to; above 0 the count of bytes.
  enum Outcome : long { End = 0, Broken = -1, TimedOut = -2, WantRead = -3, WantWrite = -4 };
  enum class Action { Handshake, Read, Write, Discard };

  // co_await gives the Outcome. Write takes as long as it needs to get everything out.
  struct Operation {
    Connection& connection;
    Action action;
    std::string_view output = {};
    bool waitsFirst = false;
    long outcome = 0;

    bool await_ready();
    void await_suspend(std::coroutine_handle<> waiter);
    long await_resume() const noexcept { return outcome; }
    bool attempt();  // true: outcome is final
  };

  struct Task {
    struct promise_type {
      explicit promise_type(Connection& served) : connection(served) {}
      Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_never initial_suspend() const noexcept { return {}; }
      std::suspend_always final_suspend() const noexcept {
        connection.finish();
        return {};
      }
      void return_void() const {}
      void unhandled_exception() const {}  // no memory: this connection ends, the server goes on
      Connection& connection;
    };
    std::coroutine_handle<promise_type> frame;
  };

  Task serve();
  Operation read();
  Operation write(std::string_view output) { return {*this, Action::Write, output}; }
  bool receive(long count);
  http::Progress parse();
  void answerFailure(int status, std::string_view why);
  void hold(std::size_t bytes);
  bool makeRoom();
  bool mayAnswer();
  void owe(std::size_t bytes);
  void prepareAnswer();
  void endRequest();
  void saveLeftover();
  void endOutput();
  void finish();

  long step(Action action, std::string_view output);
  long plainStep(Action action, std::string_view output);
  long tlsOutcome(int result);
  void want(std::uint32_t events);

  Worker& worker_;
  Descriptor socket_;
  std::unique_ptr<SSL, void (*)(SSL*)> tls_;
  std::string peer_;
  bool isTls_;
  std::unique_ptr<Exchange> exchange_;  // null between requests
  std::string_view input_;              // not yet parsed: in worker_.input or in exchange_->leftover
  std::string_view bodyAfter_;          // of a large answer, written after exchange_->output
  bool keepsAlive_ = true, isFinished_ = false, isGone_ = false, spokePlain_ = false, isShed_ = false;
  std::size_t held_ = 0;  // bytes of a body that is still coming in
  std::size_t owed_ = 0;  // bytes of a large answer that the peer has not taken yet
  std::uint32_t interest_ = 0;
  Operation* operation_ = nullptr;
  std::coroutine_handle<> waiter_;
  std::coroutine_handle<Task::promise_type> frame_;
};

}  // namespace io
