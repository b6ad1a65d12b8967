// This host and its processes, for whoever has to say who holds a lock.
#pragma once
#include <string>

namespace io {

std::string hostName();
long processId();
bool isRunning(long process);  // on this host, whoever owns it

}  // namespace io
