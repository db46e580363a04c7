// Directories that go: out of sight at once, and piece by piece from the disk on a thread of its
// own, because a tree may be large and a disk slow, and the loop must not wait for either. What an
// earlier life of the agent had not finished goes, too. Called on the loop thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "agent/host_files.h"

namespace freehold::agent {

class Remover {
 public:
  // `trash`: a directory for this alone, on the file system of what is to go; made when missing.
  explicit Remover(std::string trash);
  ~Remover();  // waits a little; the rest is for the next life
  Remover(const Remover&) = delete;
  Remover& operator=(const Remover&) = delete;

  // Afterwards there is no `path`. Links are removed, never followed.
  void take(const std::string& path);

 private:
  void work();
  bool sweep();
  bool clear(const char* name);
  bool drop(int directory, const char* name);
  bool move(int directory, const char* name);

  const std::string trash_;
  Fd trash_fd_;
  std::atomic<uint64_t> next_ = 0;  // name in the trash
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_, rest_;
  bool is_due_ = true;  // something may be there
  bool is_busy_ = false;
  std::thread thread_;
};

}  // namespace freehold::agent
