// Open-loop load for an admission webhook, with an oracle: reviews go out when they are due, whatever became of those
// before, over kept-alive TLS connections used as kube-apiserver's client uses them (the last one that became idle
// first, 25 kept, no retry). No part of the product: the tests of the lane `local` run it.
//
//   review_load CASES TRUST TARGETS [OPTION VALUE]...
//
// CASES: see load/oracle.h. TRUST: a PEM bundle, and TARGETS: a port a line; both are read again when they change, for
// connections from then on. Ends after `seconds`, `count` reviews or, after `least`, at SIGTERM, and prints one line of
// JSON.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <sstream>

#include "http/codec.h"
#include "load/oracle.h"

namespace load {
namespace {

using Clock = std::chrono::steady_clock;

volatile sig_atomic_t isOver = 0;

double seconds(Clock::time_point time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

struct Options {
  double rate = 0;         // reviews a second; 0: `parallel` at once, one after the other
  double length = 10;      // seconds
  std::size_t count = 0;   // reviews; 0: as many as fit
  std::size_t least = 50;  // reviews, even if SIGTERM comes sooner
  std::size_t parallel = 2000, idle = 25;
  std::size_t fresh = 0;  // every so many reviews, one goes over a new connection
  double timeout = 10;    // seconds
  std::string name = "127.0.0.1", record;
  std::string query = "?timeout=10s";
};

// A file that is read again when it has been replaced.
class Source {
 public:
  explicit Source(std::string path) : path_(std::move(path)) {}
  bool changed() {
    struct stat now{};
    if (stat(path_.c_str(), &now) != 0) return false;
    const auto stamp = std::tuple(now.st_ino, now.st_mtim.tv_sec, now.st_mtim.tv_nsec, now.st_size);
    if (stamp == seen_) return false;
    seen_ = stamp;
    std::stringstream all;
    all << std::ifstream(path_).rdbuf();
    text = all.str();
    return true;
  }
  std::string text;

 private:
  std::string path_;
  std::tuple<ino_t, time_t, long, off_t> seen_{};
};

struct Review {
  std::size_t number = 0, index = 0;
  std::string uid;
  Clock::time_point due, sent;
};

struct Connection {
  int descriptor = -1;
  SSL* tls = nullptr;
  std::size_t generation = 0;  // of the trust it was made with
  bool isOpen = false, isIdle = false;
  std::optional<Review> review;  // under way
  std::string output;            // not yet written
  http::ResponseReader reader{{}, false};
  http::Response response;
  std::list<Connection>::iterator place;

  ~Connection() {
    if (tls) SSL_free(tls);
    if (descriptor >= 0) close(descriptor);
  }
};

class Generator {
 public:
  Generator(Oracle oracle, std::string trust, std::string targets, Options options)
      : oracle_(std::move(oracle)),
        trust_(std::move(trust)),
        targets_(std::move(targets)),
        options_(std::move(options)) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    if (!options_.record.empty()) record_ = fopen(options_.record.c_str(), "w");
  }

  void run();
  void report();

 private:
  void refresh();
  bool isDone() const;
  bool isDue(Clock::time_point now) const;
  void ask(Clock::time_point due);
  Connection* idleOne();
  Connection* open();
  void begin(Connection& connection, Review review);
  void serve(Connection& connection);
  bool handshake(Connection& connection);
  bool write(Connection& connection);
  void read(Connection& connection);
  void answered(Connection& connection);
  void fail(Connection& connection, const std::string& why);
  void settle(const Review& review, int status, const std::string& why, const Verdict& verdict);
  void drop(Connection& connection);
  void expire();
  std::string tlsTrouble(Connection& connection, int result) const;

  Oracle oracle_;
  Source trust_, targets_;
  Options options_;
  int epoll_;
  std::shared_ptr<SSL_CTX> context_;
  std::size_t generation_ = 0, nextPort_ = 0;
  std::vector<int> ports_;
  std::list<Connection> connections_;
  std::vector<Connection*> idle_;
  std::size_t asked_ = 0, inFlight_ = 0, opened_ = 0, failed_ = 0, wrong_ = 0, injected_ = 0;
  Clock::time_point begin_ = Clock::now();
  std::vector<double> latencies_;  // milliseconds, of right answers, from when they were due
  std::map<std::string, std::size_t> why_;
  FILE* record_ = nullptr;
};

void Generator::refresh() {
  if (targets_.changed()) {
    ports_.clear();
    std::istringstream list(targets_.text);
    for (int port; list >> port;) ports_.push_back(port);
  }
  if (!trust_.changed()) return;
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  std::unique_ptr<BIO, int (*)(BIO*)> bundle(BIO_new_mem_buf(trust_.text.data(), int(trust_.text.size())), BIO_free);
  while (X509* root = PEM_read_bio_X509(bundle.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root);
    X509_free(root);
  }
  ERR_clear_error();
  context_ = std::move(context);
  ++generation_;  // kube-apiserver, too, makes a new client for a new caBundle
}

bool Generator::isDone() const {
  return (isOver && asked_ >= options_.least) || (options_.count > 0 && asked_ >= options_.count);
}

bool Generator::isDue(Clock::time_point now) const {
  if (isDone()) return false;
  if (std::chrono::duration<double>(now - begin_).count() >= options_.length) return false;
  if (options_.rate == 0) return inFlight_ < options_.parallel;
  return seconds(now) - seconds(begin_) >= double(asked_) / options_.rate;
}

void Generator::ask(Clock::time_point due) {
  Review review{asked_, asked_ % oracle_.cases().size(), "", due, Clock::now()};
  char uid[37];
  std::snprintf(uid, sizeof uid, "%08zx-0000-4000-8000-%012d", asked_++, getpid());
  review.uid = uid;
  if (inFlight_ >= options_.parallel) return settle(review, 0, "too many are under way", {});
  const bool isFresh = options_.fresh > 0 && review.number % options_.fresh == 0;
  Connection* connection = isFresh ? nullptr : idleOne();
  if (!connection) connection = open();
  if (!connection)
    return settle(review, 0, ports_.empty() ? "no endpoint" : "connect: " + std::string(strerror(errno)), {});
  begin(*connection, std::move(review));
}

Connection* Generator::idleOne() {
  while (!idle_.empty()) {
    Connection* last = idle_.back();
    idle_.pop_back();
    last->isIdle = false;
    char byte = 0;
    const bool isOpen = recv(last->descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    if (isOpen && last->generation == generation_) return last;
    drop(*last);
  }
  return nullptr;
}

// As a Service does it: an endpoint is chosen for each connection.
Connection* Generator::open() {
  if (ports_.empty() || !context_) return nullptr;
  Connection& made = connections_.emplace_back();
  made.place = std::prev(connections_.end());
  made.generation = generation_;
  made.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(std::uint16_t(ports_[nextPort_++ % ports_.size()]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int one = 1;
  setsockopt(made.descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (made.descriptor < 0 ||
      (connect(made.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)) {
    connections_.erase(made.place);
    return nullptr;
  }
  made.tls = SSL_new(context_.get());
  SSL_set_fd(made.tls, made.descriptor);
  SSL_set_connect_state(made.tls);
  X509_VERIFY_PARAM* wanted = SSL_get0_param(made.tls);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, options_.name.c_str()) != 1) {
    X509_VERIFY_PARAM_set1_host(wanted, options_.name.c_str(), 0);
    SSL_set_tlsext_host_name(made.tls, options_.name.c_str());
  }
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLET, {&made}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, made.descriptor, &event);
  ++opened_;
  return &made;
}

void Generator::begin(Connection& connection, Review review) {
  const std::string body = oracle_.cases()[review.index].body(review.uid);
  connection.output =
      "POST /mutate" + options_.query +
      " HTTP/1.1\r\nHost: webhook.svc:443\r\nUser-Agent: kube-apiserver-admission\r\nContent-Length: " +
      std::to_string(body.size()) +
      "\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n" + body;
  connection.review = std::move(review);
  connection.reader = http::ResponseReader({.body = 16u << 20}, false);
  connection.response.clear();
  ++inFlight_;
  if (connection.isOpen) serve(connection);
}

void Generator::serve(Connection& connection) {
  if (!connection.isOpen && !handshake(connection)) return;
  if (!connection.output.empty() && !write(connection)) return;
  read(connection);
}

bool Generator::handshake(Connection& connection) {
  ERR_clear_error();
  const int result = SSL_do_handshake(connection.tls);
  connection.isOpen = result == 1;
  if (connection.isOpen) return true;
  const int error = SSL_get_error(connection.tls, result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
    fail(connection, "handshake: " + tlsTrouble(connection, result));
  return false;
}

std::string Generator::tlsTrouble(Connection& connection, int result) const {
  if (const long verdict = SSL_get_verify_result(connection.tls); verdict != X509_V_OK)
    return X509_verify_cert_error_string(verdict);
  const int error = SSL_get_error(connection.tls, result);
  if (error == SSL_ERROR_ZERO_RETURN) return "closed";
  if (error == SSL_ERROR_SYSCALL) return errno == 0 ? "closed" : strerror(errno);
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  return reason ? reason : "trouble";
}

bool Generator::write(Connection& connection) {
  while (!connection.output.empty()) {
    ERR_clear_error();
    const int count = SSL_write(connection.tls, connection.output.data(), int(connection.output.size()));
    if (count > 0) {
      connection.output.erase(0, std::size_t(count));
      continue;
    }
    const int error = SSL_get_error(connection.tls, count);
    if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) return false;
    fail(connection, "writing: " + tlsTrouble(connection, count));
    return false;
  }
  return true;
}

void Generator::read(Connection& connection) {
  char buffer[32768];
  for (;;) {
    ERR_clear_error();
    const int count = SSL_read(connection.tls, buffer, sizeof buffer);
    if (count <= 0) {
      const int error = SSL_get_error(connection.tls, count);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
      if (connection.review) return fail(connection, "waiting: " + tlsTrouble(connection, count));
      return drop(connection);
    }
    if (!connection.review) return drop(connection);  // nobody asked
    std::string_view input(buffer, std::size_t(count));
    http::Progress progress = connection.reader.read(input, connection.response);
    while (progress == http::Progress::Head) progress = connection.reader.read(input, connection.response);
    if (progress == http::Progress::Refused)
      return fail(connection, "no HTTP: " + std::string(connection.reader.refusal().why));
    if (progress == http::Progress::Done) return answered(connection);
  }
}

void Generator::answered(Connection& connection) {
  const Review review = *std::exchange(connection.review, std::nullopt);
  --inFlight_;
  const int status = connection.response.status;
  if (status == 200) {
    const Verdict& verdict = oracle_.judge(review.index, review.uid, connection.response.body);
    settle(review, status, verdict.wrong, verdict);
  } else {
    settle(review, status, "status " + std::to_string(status), {});
  }
  if (!connection.reader.keepAlive() || idle_.size() >= options_.idle || connection.generation != generation_)
    return drop(connection);
  connection.isIdle = true;
  idle_.push_back(&connection);
}

void Generator::fail(Connection& connection, const std::string& why) {
  if (connection.review) {
    --inFlight_;
    settle(*connection.review, 0, why, {});
  }
  drop(connection);
}

void Generator::settle(const Review& review, int status, const std::string& why, const Verdict& verdict) {
  const Clock::time_point now = Clock::now();
  if (!why.empty()) ++why_[why];
  if (status != 200)
    ++failed_;
  else if (!why.empty())
    ++wrong_;
  else
    latencies_.push_back(std::chrono::duration<double, std::milli>(now - review.due).count());
  injected_ += !verdict.role.empty();
  if (record_)
    fprintf(record_, "%.6f\t%.6f\t%.6f\t%zu\t%d\t%s\t%s\t%s\n", seconds(review.due), seconds(review.sent), seconds(now),
            review.index, status, why.c_str(), verdict.role.c_str(), verdict.audience.c_str());
}

void Generator::drop(Connection& connection) {
  if (connection.isIdle) std::erase(idle_, &connection);
  connections_.erase(connection.place);
}

void Generator::expire() {
  const Clock::time_point oldest =
      Clock::now() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.timeout));
  for (auto at = connections_.begin(); at != connections_.end();) {
    Connection& connection = *at++;
    if (connection.review && connection.review->sent < oldest)
      fail(connection, connection.isOpen ? "no answer in time" : "no handshake in time");
  }
}

void Generator::run() {
  Clock::time_point looked{};
  for (;;) {
    const Clock::time_point now = Clock::now();
    if (now - looked > std::chrono::milliseconds(10)) {
      refresh();
      expire();
      looked = now;
    }
    // Never so many that answers and handshakes wait behind them.
    for (int i = 0; i < 16 && isDue(Clock::now()); ++i) {
      const double after =
          options_.rate == 0 ? seconds(Clock::now()) - seconds(begin_) : double(asked_) / options_.rate;
      ask(begin_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(after)));
    }
    const bool isLate = std::chrono::duration<double>(now - begin_).count() >= options_.length;
    if ((isDone() || isLate) && inFlight_ == 0) return;
    epoll_event events[64];
    const int ready = epoll_wait(epoll_, events, 64, isDue(Clock::now()) ? 0 : 1);
    for (int i = 0; i < ready; ++i) serve(*static_cast<Connection*>(events[i].data.ptr));
  }
}

void Generator::report() {
  if (record_) fclose(record_);
  std::sort(latencies_.begin(), latencies_.end());
  auto quantile = [&](double part) {
    return latencies_.empty() ? 0.0 : latencies_[std::size_t(double(latencies_.size() - 1) * part)];
  };
  const text::Json out = {
      {"reviews", asked_},       {"failed", failed_},
      {"wrong", wrong_},         {"injected", injected_},
      {"why", text::Json(why_)}, {"seconds", std::chrono::duration<double>(Clock::now() - begin_).count()},
      {"connections", opened_},  {"p50", quantile(.5)},
      {"p99", quantile(.99)},    {"max", quantile(1)}};
  printf("%s\n", out.dump().c_str());
}

std::string readFile(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Options optionsOf(int count, char** words) {
  Options options;
  const std::map<std::string, double*> numbers = {
      {"rate", &options.rate}, {"seconds", &options.length}, {"timeout", &options.timeout}};
  const std::map<std::string, std::size_t*> counts = {{"count", &options.count},
                                                      {"least", &options.least},
                                                      {"parallel", &options.parallel},
                                                      {"idle", &options.idle},
                                                      {"fresh", &options.fresh}};
  const std::map<std::string, std::string*> texts = {
      {"name", &options.name}, {"record", &options.record}, {"query", &options.query}};
  for (int i = 4; i + 1 < count; i += 2) {
    const std::string option = words[i];
    if (numbers.contains(option))
      *numbers.at(option) = std::atof(words[i + 1]);
    else if (counts.contains(option))
      *counts.at(option) = std::strtoul(words[i + 1], nullptr, 10);
    else if (texts.contains(option))
      *texts.at(option) = words[i + 1];
    else
      fprintf(stderr, "review_load: there is no option %s\n", words[i]), std::exit(2);
  }
  return options;
}

int run(int count, char** words) {
  if (count < 4) return fprintf(stderr, "usage: review_load CASES TRUST TARGETS [OPTION VALUE]...\n"), 2;
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, [](int) { isOver = 1; });
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);  // whoever started us may have held SIGTERM back until now
  auto oracle = Oracle::read(readFile(words[1]));
  if (!oracle) return fprintf(stderr, "review_load: %s: %s\n", words[1], oracle.error().message.c_str()), 2;
  Generator generator(std::move(*oracle), words[2], words[3], optionsOf(count, words));
  generator.run();
  generator.report();
  return 0;
}

}  // namespace
}  // namespace load

int main(int count, char** words) { return load::run(count, words); }
