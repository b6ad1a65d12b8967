// Raw HTTP/1.1 load for a local AWS, from one thread and with every connection always waiting for one answer:
//   sim_load PORT CONNECTIONS SECONDS REQUESTS_FILE
// The file holds requests as they go over the wire, each after a line "SIZE UNIT": a connection sends the requests of
// one unit in their order, then takes the next unit. With SECONDS 0 every unit is sent once, else they are sent over
// and over for that long. An answer that is no 200 and a broken connection are errors; a connection that the server
// closes after its answer is opened anew. Prints one line of JSON; latencies in microseconds. No part of the product:
// script/bench compiles it.
#include <fcntl.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "loopback.h"

namespace {

using Clock = std::chrono::steady_clock;
using Unit = std::vector<std::string>;

struct Connection {
  int descriptor = -1;
  std::size_t unit = 0, step = 0;
  Clock::time_point sent;
  std::string input;
};

struct Load {
  int port = 0, epoll = -1;
  bool isEndless = false;
  std::vector<Unit> units;
  std::size_t next = 0, running = 0;
  std::vector<double> latencies;
  std::size_t errors = 0;
  std::string firstError;
};

std::vector<Unit> readUnits(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<Unit> units;
  std::size_t size = 0, unit = 0;
  while (in >> size >> unit) {
    in.get();
    std::string request(size, '\0');
    in.read(request.data(), std::streamsize(size));
    if (units.size() <= unit) units.resize(unit + 1);
    units[unit].push_back(std::move(request));
  }
  return units;
}

bool open(Load& load, Connection& connection) {
  if (connection.descriptor >= 0) close(connection.descriptor);
  connection.descriptor = connectToLoopback(load.port);
  if (connection.descriptor < 0) return false;
  fcntl(connection.descriptor, F_SETFL, O_NONBLOCK);
  epoll_event event{EPOLLIN, {&connection}};
  return epoll_ctl(load.epoll, EPOLL_CTL_ADD, connection.descriptor, &event) == 0;
}

// The socket's buffer takes a whole request, since an answer is awaited before the next one.
bool send(Load& load, Connection& connection) {
  const std::string& request = load.units[connection.unit][connection.step];
  connection.input.clear();
  connection.sent = Clock::now();
  return write(connection.descriptor, request.data(), request.size()) == ssize_t(request.size());
}

// The next request of the unit, or the first of the next one; false when there is nothing left to send.
bool advance(Load& load, Connection& connection) {
  if (++connection.step < load.units[connection.unit].size()) return true;
  if (load.next == load.units.size()) {
    if (!load.isEndless) return false;
    load.next = 0;
  }
  connection.unit = load.next++;
  connection.step = 0;
  return true;
}

// The field's value in the answer's head, or an empty text.
std::string fieldOf(const std::string& head, const char* name) {
  std::istringstream lines(head);
  std::string line, wanted = std::string(name) + ":";
  while (std::getline(lines, line)) {
    if (strncasecmp(line.c_str(), wanted.c_str(), wanted.size()) != 0) continue;
    std::size_t start = line.find_first_not_of(' ', wanted.size()), end = line.find_last_not_of("\r ");
    return start == line.npos ? "" : line.substr(start, end + 1 - start);
  }
  return "";
}

enum class Read { More, Done, DoneAndClosed, Broken };

Read read(Load& load, Connection& connection) {
  char buffer[65536];
  bool ended = false;
  while (true) {
    ssize_t got = ::read(connection.descriptor, buffer, sizeof buffer);
    if (got <= 0) {
      ended = got == 0;
      break;
    }
    connection.input.append(buffer, std::size_t(got));
  }
  std::size_t head = connection.input.find("\r\n\r\n");
  if (head == std::string::npos) return ended ? Read::Broken : Read::More;
  std::string fields = connection.input.substr(0, head + 2);
  std::size_t size = std::strtoul(fieldOf(fields, "Content-Length").c_str(), nullptr, 10);
  if (connection.input.size() < head + 4 + size) return ended ? Read::Broken : Read::More;
  if (connection.input.compare(9, 3, "200") != 0 && load.errors++ == 0)
    load.firstError = connection.input.substr(0, 600);
  bool closes = ended || fields.starts_with("HTTP/1.0") || fieldOf(fields, "Connection") == "close";
  return closes ? Read::DoneAndClosed : Read::Done;
}

void serve(Load& load, Connection& connection, bool mayGoOn) {
  Read result = read(load, connection);
  if (result == Read::More) return;
  auto taken = std::chrono::duration<double, std::micro>(Clock::now() - connection.sent);
  load.latencies.push_back(taken.count());
  if (result == Read::Broken) ++load.errors;
  bool goesOn = mayGoOn && advance(load, connection);
  if (goesOn && result != Read::Done) goesOn = open(load, connection);
  if (goesOn && send(load, connection)) return;
  close(connection.descriptor);
  connection.descriptor = -1;
  --load.running;
}

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  auto at = values.begin() + std::ptrdiff_t(share * double(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 3;
  Load load;
  load.port = std::atoi(arguments[1]);
  double seconds = std::atof(arguments[3]);
  load.isEndless = seconds > 0;
  load.units = readUnits(arguments[4]);
  load.epoll = epoll_create1(0);
  std::vector<Connection> connections(std::size_t(std::atoi(arguments[2])));
  auto start = Clock::now(), until = start + std::chrono::duration_cast<Clock::duration>(
                                                 std::chrono::duration<double>(load.isEndless ? seconds : 600));
  for (Connection& connection : connections) {
    if (load.next == load.units.size()) load.next = 0;
    connection.unit = load.next++;
    if (!open(load, connection) || !send(load, connection)) return 1;
    ++load.running;
  }
  std::vector<epoll_event> events(connections.size());
  while (load.running > 0) {
    int ready = epoll_wait(load.epoll, events.data(), int(events.size()), 10'000);
    if (ready <= 0) break;
    bool mayGoOn = Clock::now() < until;
    for (int i = 0; i < ready; ++i) serve(load, *static_cast<Connection*>(events[std::size_t(i)].data.ptr), mayGoOn);
  }
  double took = std::chrono::duration<double>(Clock::now() - start).count();
  if (!load.firstError.empty()) std::fprintf(stderr, "the first error: %s\n", load.firstError.c_str());
  std::printf("{\"requests\": %zu, \"errors\": %zu, \"perSecond\": %.1f, \"p50\": %.1f, \"p99\": %.1f}\n",
              load.latencies.size(), load.errors, double(load.latencies.size()) / took, percentile(load.latencies, .5),
              percentile(load.latencies, .99));
  return load.errors == 0 ? 0 : 1;
}
