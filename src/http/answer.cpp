#include "http/answer.h"

#include <array>
#include <new>

namespace http {
namespace {

// Frames of one size class, handed out again without asking the allocator. A thread keeps at most kKept of each.
struct FreeList {
  static constexpr std::size_t kKept = 64;
  struct Node {
    Node* next;
  };
  Node* head = nullptr;
  std::size_t count = 0;
  ~FreeList() {
    while (head) ::operator delete(std::exchange(head, head->next));
  }
};

constexpr std::size_t kStep = 128, kClasses = 16;  // frames above 2 KiB go to the allocator

std::array<FreeList, kClasses>& lists() {
  thread_local std::array<FreeList, kClasses> mine;
  return mine;
}

}  // namespace

void* Answer::promise_type::operator new(std::size_t size) {
  std::size_t index = (size - 1) / kStep;
  if (index >= kClasses) return ::operator new(size);
  FreeList& list = lists()[index];
  if (!list.head) return ::operator new((index + 1) * kStep);
  --list.count;
  return std::exchange(list.head, list.head->next);
}

void Answer::promise_type::operator delete(void* frame, std::size_t size) noexcept {
  std::size_t index = (size - 1) / kStep;
  if (index >= kClasses || lists()[index].count >= FreeList::kKept) return ::operator delete(frame);
  FreeList& list = lists()[index];
  list.head = new (frame) FreeList::Node{list.head};
  ++list.count;
}

}  // namespace http
