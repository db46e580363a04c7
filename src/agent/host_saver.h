// Small files, replaced as a whole and soon: a thread of its own does the waiting for the disk, so
// that the loop never does. Called on the loop thread; loading sees what was saved.
#pragma once

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
  explicit Saver(std::string directory);
  ~Saver();  // all that was saved is on disk
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  void save(const std::string& name, std::string content);
  Result<std::string> load(const std::string& name);
  void erase(const std::string& name);

 private:
  using Change = std::optional<std::string>;  // empty: erase
  void work();
  void put(const std::string& name, Change change);
  void carry_out(const std::string& name, const Change& change) const;

  const std::string directory_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Change>
      waiting_;  // the latest of each name: bounded by the number of names
  std::map<std::string, Change> writing_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace freehold::agent
