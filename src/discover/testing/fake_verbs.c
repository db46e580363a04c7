/* Stands in for libibverbs.so.1 at its own C interface, as far as limits go. */
#include <stdint.h>
#include <string.h>

#include "fake_vendors.h"

static struct fake_verbs state;
struct fake_verbs* fake_verbs_state(void) { return &state; }

static void* list[5];

void** ibv_get_device_list(int* count) {
  *count = state.count;
  for (int i = 0; i < 4; ++i) list[i] = state.name[i];
  return list;
}
void ibv_free_device_list(void** given) { (void)given; }
const char* ibv_get_device_name(void* device) { return device; }
void* ibv_open_device(void* device) {
  if (state.is_refused) return NULL;
  ++state.opens;
  return device;
}
int ibv_close_device(void* context) {
  (void)context;
  --state.opens;
  return 0;
}
struct ibv_device_attr {
  char fw_ver[64];
  uint64_t node_guid, sys_image_guid, max_mr_size, page_size_cap;
  uint32_t vendor_id, vendor_part_id, hw_ver;
  int max_qp, max_qp_wr;
  unsigned int device_cap_flags;
  int max_sge, max_sge_rd, max_cq, max_cqe, max_mr, more[21];
  uint16_t max_pkeys;
  uint8_t local_ca_ack_delay, phys_port_cnt;
};
int ibv_query_device(void* context, struct ibv_device_attr* attr) {
  (void)context;
  memset(attr, 0, sizeof(*attr));
  attr->max_mr_size = state.region_bytes;
  attr->max_qp = state.queue_pairs;
  attr->max_cq = state.completion_queues;
  attr->max_mr = state.memory_regions;
  return 0;
}
