#include "api/storage.h"

#include "api/kind_rows.h"
#include "api/storage_table.h"

namespace freehold::api {
namespace {

// Three significant digits: "950T".
std::string decimal_bytes(int64_t bytes) {
  int64_t step = 1;
  while (bytes / step >= 1'000 || bytes / step <= -1'000) step *= 10;
  return Quantity::of(bytes / step * step, Dimension::bytes).text();
}

// What of a whole is left when every commitment has its part; negative when more is promised than
// there is.
std::string free_text(const StoragePool& pool, Quantity StoragePoolSpec::* whole,
                      Quantity StorageCommitment::* part, Dimension dimension) {
  if (!(pool.spec.*whole).is_set()) return "<unknown>";
  int64_t taken = 0;
  for (const StorageCommitment& commitment : pool.spec.commitments)
    if ((commitment.*part).is_set())
      taken = sum_within(taken, std::max<int64_t>((commitment.*part).value(), 0));
  const int64_t free = (pool.spec.*whole).value() - taken;
  // Beside a size in powers of ten stands one in powers of ten.
  if (dimension == Dimension::bytes && (pool.spec.*whole).text().find('i') == std::string::npos)
    return decimal_bytes(free);
  return humanize(free, dimension);
}

}  // namespace

void check_storage_pool(const StoragePool& pool, const schema::Path& at, schema::Errors& errors) {
  check_label_name(pool.metadata, at, errors);
}

template <>
Kind row<StoragePool>() {
  using T = StoragePool;
  Kind kind =
      plain_kind<T>({"storagepools", "storagepool", "StoragePoolList", {"sp"}}, Scope::cluster);
  kind.columns = {
      column<T, [](const T& p, Time) { return or_none(p.spec.site); }>("Site", "string",
                                                                       "Site it stands in."),
      column<T, [](const T& p, Time) { return or_none(p.spec.technology); }>("Technology", "string",
                                                                             "What it is."),
      column<T, [](const T& p, Time) { return or_none(p.spec.capacity.text()); }>(
          "Capacity", "string", "Size."),
      column<T,
             [](const T& p, Time) {
               return free_text(p, &StoragePoolSpec::capacity, &StorageCommitment::capacity,
                                Dimension::bytes);
             }>("Free", "string", "What is not promised."),
      column<T,
             [](const T& p, Time) {
               return free_text(p, &StoragePoolSpec::read_throughput,
                                &StorageCommitment::read_throughput, Dimension::bandwidth);
             }>("Read-Free", "string", "Reading rate that is not promised."),
      column<T, [](const T& p, Time) { return or_none(p.spec.fabric); }>(
          "Fabric", "string", "Fabric that reaches it.", 1),
  };
  kind.selectable = {"spec.site"};
  return kind;
}
template const Kind& kind_of<StoragePool>();

}  // namespace freehold::api
