#include "io/connection.h"

#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace io {
namespace {

constexpr std::size_t kKeptBuffer = 64u << 10;  // larger ones are given back to the allocator
constexpr std::size_t kSpareExchanges = 64;
constexpr std::size_t kDiscarded =
    32u << 20;  // of a refused request, so that its sender reads the answer before a reset

constexpr std::string_view kTooMuch = "too much is being sent at once";
constexpr std::string_view kTooLazy = "too many large answers wait to be taken";

constexpr std::string_view kPlainOnTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 48\r\nConnection: close\r\n\r\n"
    "an HTTP request was sent to a port that is TLS.\n";

void trim(std::string& buffer) {
  if (buffer.capacity() > kKeptBuffer) buffer = std::string();
}

}  // namespace

std::unique_ptr<Exchange> Worker::takeExchange() {
  if (spare.empty()) return std::make_unique<Exchange>(limits);
  auto exchange = std::move(spare.back());
  spare.pop_back();
  return exchange;
}

void Worker::giveBack(std::unique_ptr<Exchange> exchange) {
  if (spare.size() >= kSpareExchanges) return;
  for (std::string* buffer :
       {&exchange->request.body, &exchange->response.body, &exchange->output, &exchange->leftover})
    trim(*buffer);
  spare.push_back(std::move(exchange));
}

Connection::Connection(Worker& worker, Descriptor socket, SSL_CTX* tls, std::string peer)
    : worker_(worker),
      socket_(std::move(socket)),
      tls_(tls ? SSL_new(tls) : nullptr, SSL_free),
      peer_(std::move(peer)),
      isTls_(tls) {
  ++worker_.connections;
  ++worker_.heard;
  ++worker_.byPeer[peer_];
  if (!tls_) return;
  SSL_set_fd(tls_.get(), socket_.number());
  SSL_set_accept_state(tls_.get());
}

Connection::~Connection() {
  if (frame_) frame_.destroy();
  hold(0);
  owe(0);
  --worker_.connections;
  if (auto place = worker_.byPeer.find(peer_); --place->second == 0) worker_.byPeer.erase(place);
  worker_.connectionClosed();
}

void Connection::start() {
  interest_ = EPOLLIN;
  if (isTls_ && !tls_) return finish();  // no memory
  if (!worker_.loop.watch(EPOLL_CTL_ADD, socket_.number(), interest_, this)) return finish();
  frame_ = serve().frame;
}

Connection::Task Connection::serve() {
  if (tls_) {
    worker_.loop.startWaiting(*this, Patience::Handshake);
    if (co_await Operation{*this, Action::Handshake} <= 0) {
      if (!spokePlain_) co_return;
      keepsAlive_ = false;
    }
  }
  while (keepsAlive_) {
    if (input_.empty()) {
      if (!exchange_) worker_.loop.startWaiting(*this, Patience::Idle);
      const long count = co_await read();
      if (!receive(count)) co_return;
    } else if (!exchange_->reader.started()) {
      worker_.loop.startWaiting(*this, Patience::Request);
    }
    Exchange& exchange = *exchange_;
    http::Progress progress = parse();
    if (progress == http::Progress::Head) {
      if (co_await write(http::kContinue) <= 0) co_return;
      worker_.loop.startWaiting(*this, Patience::Request);
      progress = parse();  // an announced body of no bytes is whole already
    }
    if (progress == http::Progress::NeedMore && makeRoom()) continue;
    worker_.loop.stopWaiting(*this);
    if (progress == http::Progress::Done) {
      try {
        http::Answer answer = worker_.handler->handle(exchange.request, exchange.response);
        if (!answer.done()) want(0);
        co_await answer;
      } catch (...) {
        exchange.response.clear();
        exchange.response.status = 500;
      }
    }
    if (!mayAnswer()) answerFailure(503, kTooLazy);
    prepareAnswer();
    if (co_await write(exchange.output) <= 0) co_return;
    if (!bodyAfter_.empty() && co_await write(bodyAfter_) <= 0) co_return;
    endRequest();
  }
  endOutput();
  worker_.loop.startWaiting(*this, Patience::Linger);
  for (std::size_t left = kDiscarded; left > 0;) {
    long count = co_await Operation{*this, Action::Discard};
    if (count <= 0) break;
    left -= std::min(left, std::size_t(count));
  }
}

// After an answer there usually is nothing to read yet: waiting first saves a system call that says so.
Connection::Operation Connection::read() {
  bool hasMore = tls_ && SSL_has_pending(tls_.get());
  return {*this, Action::Read, {}, !hasMore};
}

// Takes in what a read gave; false when there is nobody to answer.
bool Connection::receive(long count) {
  if (count <= 0) {
    if (count != TimedOut || !exchange_) return false;
    if (isShed_)
      answerFailure(503, kTooMuch);
    else
      answerFailure(408, "the request did not come in time");
    return true;
  }
  ++worker_.heard;
  input_ = {worker_.input.data(), std::size_t(count)};
  if (exchange_) return true;
  worker_.loop.startWaiting(*this, Patience::Request);
  exchange_ = worker_.takeExchange();
  endRequest();
  return true;
}

// Head: the client waits for `100 Continue`. Refused: the response says why.
http::Progress Connection::parse() {
  if (!keepsAlive_) return http::Progress::Refused;
  http::RequestReader& reader = exchange_->reader;
  http::Progress progress = reader.read(input_, exchange_->request);
  if (progress == http::Progress::Head) {
    if (reader.wantsContinue() && input_.empty()) return progress;
    progress = reader.read(input_, exchange_->request);
  }
  if (progress == http::Progress::NeedMore) return progress;
  saveLeftover();
  if (progress == http::Progress::Refused) answerFailure(reader.refusal().status, reader.refusal().why);
  return progress;
}

void Connection::hold(std::size_t bytes) {
  worker_.bodies += bytes - held_;
  held_ = bytes;
}

// Counts the memory of the body that is still coming in. When all of them are too much, the largest one of this loop is
// refused: a review is small and whole in no time, so that is hardly ever one. False when it is this one.
bool Connection::makeRoom() {
  if (exchange_->request.body.empty()) return true;
  const std::string& body = exchange_->request.body;
  hold(body.size() > kKeptBuffer ? body.capacity() : body.size());
  if (worker_.bodies <= worker_.maxBodies) return true;
  Connection* largest = this;
  for (Watched* waiting = worker_.loop.longestWaiting(Patience::Request); waiting; waiting = Loop::after(*waiting))
    if (auto& other = static_cast<Connection&>(*waiting); other.held_ > largest->held_) largest = &other;
  largest->isShed_ = true;
  if (largest == this) {
    answerFailure(503, kTooMuch);
    return false;
  }
  worker_.loop.expireNow(*largest);
  return true;
}

void Connection::owe(std::size_t bytes) {
  worker_.answers += bytes - owed_;
  owed_ = bytes;
}

// Counts the memory of a large answer until the peer has taken it, which is up to the peer. False when that would be
// too much, and then the answer is gone; one alone is never too much.
bool Connection::mayAnswer() {
  const std::size_t size = exchange_->response.body.size();
  if (size <= kKeptBuffer) return true;
  const std::size_t others = worker_.answers;
  if (others == 0 || size <= worker_.maxAnswers - std::min(others, worker_.maxAnswers)) {
    owe(size);
    return true;
  }
  exchange_->response = http::Response();
  return false;
}

// The exchange is ready for the next request; without more input it goes back to the others.
void Connection::endRequest() {
  exchange_->reader.reset();
  trim(exchange_->request.body);
  if (held_ > 0) hold(0);
  if (owed_ > 0) owe(0);
  exchange_->request.clear();
  exchange_->request.peer.assign(peer_);
  exchange_->response.clear();
  bodyAfter_ = {};
  if (!input_.empty()) return;
  exchange_->leftover.clear();
  worker_.giveBack(std::move(exchange_));
}

// The loop's buffer belongs to whoever reads next, and answering may suspend.
void Connection::saveLeftover() {
  bool isInBuffer =
      input_.data() >= worker_.input.data() && input_.data() < worker_.input.data() + worker_.input.size();
  if (input_.empty() || !isInBuffer) return;
  exchange_->leftover.assign(input_);
  input_ = exchange_->leftover;
}

void Connection::answerFailure(int status, std::string_view why) {
  keepsAlive_ = false;
  http::Response& response = exchange_->response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.body.assign(why).append("\n");
}

void Connection::prepareAnswer() {
  auto& [reader, request, response, output, leftover] = *exchange_;
  if (response.status < 200 || response.status > 599) response.status = 500;
  bool handlerCloses = http::listContains(response.headers.get("connection"), "close");
  keepsAlive_ = keepsAlive_ && reader.keepAlive() && !worker_.isDraining && !handlerCloses;
  output.clear();
  http::appendResponseHead(output, response, {!keepsAlive_, reader.isOldVersion(), reader.isHead()});
  if (reader.isHead() || !http::mayHaveBody(response.status)) return;
  if (response.body.size() <= kKeptBuffer) {
    output.append(response.body);
  } else {
    bodyAfter_ = response.body;
  }
}

void Connection::endOutput() {
  if (spokePlain_) (void)::send(socket_.number(), kPlainOnTls.data(), kPlainOnTls.size(), MSG_NOSIGNAL);
  if (tls_ && !spokePlain_) SSL_shutdown(tls_.get());
  ERR_clear_error();
  ::shutdown(socket_.number(), SHUT_WR);
}

void Connection::finish() {
  if (std::exchange(isFinished_, true)) return;
  if (tls_ && SSL_is_init_finished(tls_.get())) SSL_shutdown(tls_.get());
  ERR_clear_error();
  socket_.close();
  if (exchange_) {
    input_ = {};
    worker_.giveBack(std::move(exchange_));
  }
  worker_.loop.bury(*this);
}

bool Connection::Operation::await_ready() { return !waitsFirst && attempt(); }

void Connection::Operation::await_suspend(std::coroutine_handle<> waiter) {
  if (waitsFirst) connection.want(EPOLLIN);
  if (action == Action::Write) connection.worker_.loop.startWaiting(connection, Patience::Write);
  connection.operation_ = this;
  connection.waiter_ = waiter;
}

bool Connection::Operation::attempt() {
  do {
    outcome = connection.isGone_ ? Broken : connection.step(action, output);
    if (action == Action::Write && outcome > 0) output.remove_prefix(std::size_t(outcome));
  } while (action == Action::Write && outcome > 0 && !output.empty());
  if (outcome != WantRead && outcome != WantWrite) return true;
  connection.want(outcome == WantRead ? EPOLLIN : EPOLLOUT);
  return false;
}

void Connection::ready(std::uint32_t) {
  if (isFinished_) return;
  if (!operation_) {
    // The handler is waiting for something. Only a broken connection is told of meanwhile, and it would be told for
    // ever.
    worker_.loop.watch(EPOLL_CTL_DEL, socket_.number(), 0, this);
    isGone_ = true;
    return;
  }
  Operation& operation = *operation_;
  std::size_t before = operation.output.size();
  if (!operation.attempt()) {
    if (operation.output.size() != before) worker_.loop.startWaiting(*this, Patience::Write);
    return;
  }
  operation_ = nullptr;
  waiter_.resume();
}

void Connection::expired() {
  if (isFinished_ || !operation_) return;
  if (operation_->action == Action::Write) {
    // The peer doesn't read; the kernel shall not keep what it was sent.
    linger reset{1, 0};
    setsockopt(socket_.number(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  std::exchange(operation_, nullptr)->outcome = TimedOut;
  waiter_.resume();
}

void Connection::want(std::uint32_t events) {
  if (events == interest_ || isGone_) return;
  interest_ = events;
  worker_.loop.watch(EPOLL_CTL_MOD, socket_.number(), events, this);
}

long Connection::step(Action action, std::string_view output) {
  if (!tls_ || action == Action::Discard) return plainStep(action, output);
  ERR_clear_error();
  switch (action) {
    case Action::Handshake: return tlsOutcome(SSL_accept(tls_.get()));
    case Action::Read: return tlsOutcome(SSL_read(tls_.get(), worker_.input.data(), int(worker_.input.size())));
    default:
      return tlsOutcome(SSL_write(tls_.get(), output.data(), int(std::min<std::size_t>(output.size(), INT32_MAX))));
  }
}

long Connection::plainStep(Action action, std::string_view output) {
  bool isWrite = action == Action::Write;
  ssize_t count;
  do {
    count = isWrite ? ::send(socket_.number(), output.data(), output.size(), MSG_NOSIGNAL)
                    : ::recv(socket_.number(), worker_.input.data(), worker_.input.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return count;
  if (errno == EAGAIN) return isWrite ? WantWrite : WantRead;
  return Broken;
}

long Connection::tlsOutcome(int result) {
  if (result > 0) return result;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ: return WantRead;
    case SSL_ERROR_WANT_WRITE: return WantWrite;
    case SSL_ERROR_ZERO_RETURN: return End;
    default: break;
  }
  spokePlain_ = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  ERR_clear_error();
  return Broken;
}

}  // namespace io
