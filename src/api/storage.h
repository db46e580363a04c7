// StoragePool: disks that several machines share, with what they deliver and what of it is promised
// already. Fact, written by the platform team or an importer; shown, and a part of the fleet graph.
#pragma once

#include <string>
#include <vector>

#include "api/meta.h"

namespace freehold::api {

struct StorageCommitment {
  std::string name;   // who holds it: a dataset, a tenant, a system outside
  Quantity capacity;  // bytes
  Quantity read_throughput, write_throughput;
};
struct StoragePoolSpec {
  std::string site, fabric;  // the fabric that reaches it; empty: unknown
  std::string technology;    // nvme-of, lustre, nfs, s3 …
  Quantity capacity;         // bytes
  Quantity read_throughput, write_throughput;
  int64_t read_iops = 0, write_iops = 0;  // 0: unknown
  std::vector<std::string> nodes;         // machines that serve it; empty: unknown
  std::vector<StorageCommitment> commitments;
};
struct StoragePoolStatus {
  Conditions conditions;
};
struct StoragePool {
  ObjectMeta metadata;
  StoragePoolSpec spec;
  StoragePoolStatus status;
};
void check_storage_pool(const StoragePool& pool, const schema::Path& at, schema::Errors& errors);

}  // namespace freehold::api
