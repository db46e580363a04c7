// Small files, replaced as a whole and soon: a thread of its own does the waiting for the disk, so
// that the loop never does. What the disk refuses, full or failing, is kept and tried again, in the
// order of the names, until it takes it. Called on the loop thread; loading sees what was saved.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"

namespace freehold::agent {

class Saver {
 public:
  explicit Saver(std::string directory, std::chrono::milliseconds retry = std::chrono::seconds(2));
  ~Saver();  // all that was saved is on disk, or was refused by it once more
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  void save(const std::string& name, std::string content);
  Result<std::string> load(const std::string& name);
  void erase(const std::string& name);

 private:
  using Change = std::optional<std::string>;  // empty: erase
  void work();
  void put(const std::string& name, Change change);
  bool carry_out(const std::string& name, const Change& change);
  void put_back();

  const std::string directory_;
  const std::chrono::milliseconds retry_;
  bool refused_ = false;  // by the disk, the last time; the saving thread's own
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Change>
      waiting_;  // the latest of each name: bounded by the number of names
  std::map<std::string, Change> writing_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace freehold::agent
