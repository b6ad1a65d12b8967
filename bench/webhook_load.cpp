// HTTPS/1.1 load for an admission webhook, from one thread:
//   webhook_load PORT CONNECTIONS SECONDS METHOD_AND_PATH BODY_FILE EXPECTED [fresh | RATE | hold]
// Every connection always waits for one answer; with `fresh` each review goes over a connection of its own. With a
// RATE, that many reviews a second go out when they are due (Poisson), and a latency counts from then, whoever was
// late. With `hold` each connection asks once, and all of them stay open and idle till the time is over. An answer that
// is no 200, one without the text EXPECTED in its body and a broken connection are errors. Prints one line of JSON;
// latencies in microseconds. No part of the product: script/bench compiles it.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "loopback.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
  int descriptor = -1;
  SSL* tls = nullptr;
  Clock::time_point sent;
  std::string input;
  bool isClosed = true;
};

struct Load {
  int port = 0, epoll = -1;
  SSL_CTX* context = nullptr;
  std::string request, expected;
  std::vector<double> latencies;
  std::size_t errors = 0, answerSize = 0;
};

bool open(Load& load, Connection& connection) {
  if (connection.tls) SSL_free(connection.tls);
  if (connection.descriptor >= 0) close(connection.descriptor);
  connection.descriptor = connectToLoopback(load.port);
  if (connection.descriptor < 0) return false;
  connection.tls = SSL_new(load.context);
  SSL_set_fd(connection.tls, connection.descriptor);
  if (SSL_connect(connection.tls) != 1) return false;
  fcntl(connection.descriptor, F_SETFL, O_NONBLOCK);
  connection.isClosed = false;
  epoll_event event{EPOLLIN, {&connection}};
  return epoll_ctl(load.epoll, EPOLL_CTL_ADD, connection.descriptor, &event) == 0;
}

// The socket's buffer takes a whole review, since an answer is awaited before the next one.
bool send(Load& load, Connection& connection, Clock::time_point due) {
  connection.sent = due;
  connection.input.clear();
  return SSL_write(connection.tls, load.request.data(), int(load.request.size())) == int(load.request.size());
}

enum class Answer { Incomplete, Good, Bad };

Answer answerOf(const Load& load, const std::string& input) {
  const std::size_t head = input.find("\r\n\r\n");
  if (head == std::string::npos) return Answer::Incomplete;
  if (const std::size_t length = input.find("Content-Length: "); length < head) {
    if (input.size() < head + 4 + std::stoul(input.substr(length + 16))) return Answer::Incomplete;
  } else if (input.find("Transfer-Encoding: chunked") < head) {  // Go's programs
    if (!input.ends_with("\r\n0\r\n\r\n")) return Answer::Incomplete;
  } else {
    return Answer::Bad;
  }
  return input.starts_with("HTTP/1.1 200") && input.find(load.expected, head) != std::string::npos ? Answer::Good
                                                                                                   : Answer::Bad;
}

// True when the answer has come, or never will.
bool receive(Load& load, Connection& connection) {
  char buffer[32768];
  int count = 0;
  while ((count = SSL_read(connection.tls, buffer, sizeof buffer)) > 0)
    connection.input.append(buffer, std::size_t(count));
  connection.isClosed = SSL_get_error(connection.tls, count) != SSL_ERROR_WANT_READ;
  const Answer answer = answerOf(load, connection.input);
  if (answer == Answer::Incomplete) {
    load.errors += connection.isClosed;
    return connection.isClosed;
  }
  load.latencies.push_back(std::chrono::duration<double, std::micro>(Clock::now() - connection.sent).count());
  load.errors += answer == Answer::Bad;
  load.answerSize = connection.input.size();
  return true;
}

void wait(Load& load, int milliseconds, const std::function<void(Connection&)>& answered) {
  epoll_event events[64];
  const int ready = epoll_wait(load.epoll, events, 64, milliseconds);
  for (int i = 0; i < ready; ++i) {
    Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
    if (receive(load, connection)) answered(connection);
  }
}

void mustOpen(Load& load, Connection& connection) {
  if (open(load, connection)) return;
  fprintf(stderr, "cannot connect\n");
  std::exit(1);
}

void sendNext(Load& load, Connection& connection, bool isFresh) {
  if (connection.isClosed || isFresh) mustOpen(load, connection);
  if (!send(load, connection, Clock::now())) ++load.errors;
}

void runClosed(Load& load, std::vector<Connection>& connections, Clock::time_point end, bool isFresh) {
  for (Connection& connection : connections) sendNext(load, connection, false);
  while (Clock::now() < end) wait(load, 100, [&](Connection& answered) { sendNext(load, answered, isFresh); });
}

void runAtRate(Load& load, std::vector<Connection>& connections, Clock::time_point end, double rate) {
  std::mt19937_64 random(6);
  std::exponential_distribution<double> gap(rate);
  std::vector<Connection*> idle;
  for (Connection& connection : connections) idle.push_back(&connection);
  std::deque<Clock::time_point> due;
  Clock::time_point next = Clock::now();
  while (Clock::now() < end || idle.size() < connections.size()) {
    while (next <= Clock::now() && next < end) {
      due.push_back(next);
      next += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(gap(random)));
    }
    while (!due.empty() && !idle.empty()) {
      if (idle.back()->isClosed) mustOpen(load, *idle.back());
      if (!send(load, *idle.back(), due.front())) ++load.errors;
      idle.pop_back();
      due.pop_front();
    }
    wait(load, 0, [&](Connection& answered) { idle.push_back(&answered); });
  }
}

void runHolding(Load& load, std::vector<Connection>& connections, Clock::time_point end) {
  std::size_t answered = 0;
  for (Connection& connection : connections) sendNext(load, connection, false);
  while (answered < connections.size()) wait(load, 100, [&](Connection&) { ++answered; });
  fprintf(stderr, "held\n");
  while (Clock::now() < end) wait(load, 100, [](Connection&) {});
}

std::string readFile(const char* path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

int main(int count, char** words) {
  if (count != 7 && count != 8)
    return fprintf(stderr, "usage: webhook_load PORT CONNECTIONS SECONDS METHOD_AND_PATH BODY EXPECTED [MODE]\n"), 2;
  Load load;
  load.port = std::atoi(words[1]);
  std::vector<Connection> connections(std::size_t(std::atoi(words[2])));
  const std::string body = readFile(words[5]);
  load.expected = words[6];
  load.request =
      std::string(words[4]) +
      " HTTP/1.1\r\nHost: pod-identity-webhook.irsa-system.svc:443\r\nUser-Agent: kube-apiserver-admission\r\n"
      "Content-Length: " +
      std::to_string(body.size()) +
      "\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\nAccept-Encoding: gzip\r\n\r\n" + body;
  load.context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_read_ahead(load.context, 1);
  load.epoll = epoll_create1(0);
  const auto begin = Clock::now();
  const auto end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(std::atof(words[3])));
  const std::string mode = count == 8 ? words[7] : "";
  if (mode == "hold")
    runHolding(load, connections, end);
  else if (mode.empty() || mode == "fresh")
    runClosed(load, connections, end, mode == "fresh");
  else
    runAtRate(load, connections, end, std::atof(mode.c_str()));
  const auto now = Clock::now();
  std::sort(load.latencies.begin(), load.latencies.end());
  auto quantile = [&](double part) {
    return load.latencies.empty() ? 0.0 : load.latencies[std::size_t(double(load.latencies.size() - 1) * part)];
  };
  printf(
      "{\"requests\":%zu,\"errors\":%zu,\"seconds\":%.4f,\"p50\":%.1f,\"p99\":%.1f,\"max\":%.1f,\"answerBytes\":%zu}\n",
      load.latencies.size(), load.errors, std::chrono::duration<double>(now - begin).count(), quantile(.5),
      quantile(.99), quantile(1), load.answerSize);
}
