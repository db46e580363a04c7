/* Stands in for libamd_smi.so at its own C interface, or, with ROCM defined, for the older
 * librocm_smi64.so. */
#include <stdint.h>
#include <string.h>

#include "fake_vendors.h"

static struct fake_amd state;
struct fake_amd* fake_amd_state(void) { return &state; }

#ifdef ROCM

int rsmi_init(uint64_t flags) {
  if (flags != 0) return 1;
  if (state.init_error == 0) ++state.inits;
  return state.init_error;
}
int rsmi_shut_down(void) {
  ++state.shutdowns;
  return 0;
}
int rsmi_num_monitor_devices(uint32_t* count) {
  *count = state.count;
  return 0;
}
int rsmi_dev_pci_id_get(uint32_t index, uint64_t* bdf) {
  *bdf = state.gpu[index].bdf;
  return 0;
}
int rsmi_dev_power_cap_get(uint32_t index, uint32_t sensor, uint64_t* microwatts) {
  *microwatts = state.gpu[index].cap_uw;
  return sensor == 0 ? 0 : 2;
}
int rsmi_dev_power_ave_get(uint32_t index, uint32_t sensor, uint64_t* microwatts) {
  *microwatts = state.gpu[index].draw_uw;
  return sensor == 0 ? 0 : 2;
}
typedef struct {
  uint64_t correctable_err, uncorrectable_err;
} rsmi_error_count_t;
int rsmi_dev_ecc_count_get(uint32_t index, int block, rsmi_error_count_t* count) {
  if (block != 1) return 2; /* only the memory controller counts */
  count->correctable_err = 0;
  count->uncorrectable_err = state.gpu[index].uncorrected;
  return 0;
}

#else

typedef void* amdsmi_handle;

int amdsmi_init(uint64_t flags) {
  if (flags != 2) return 1;
  if (state.init_error == 0) ++state.inits;
  return state.init_error;
}
int amdsmi_shut_down(void) {
  ++state.shutdowns;
  return 0;
}
int amdsmi_get_socket_handles(uint32_t* count, amdsmi_handle* sockets) {
  if (sockets == NULL) {
    *count = state.count;
    return 0;
  }
  for (uint32_t i = 0; i < *count && i < state.count; ++i) sockets[i] = &state.gpu[i];
  return 0;
}
int amdsmi_get_processor_handles(amdsmi_handle socket, uint32_t* count, amdsmi_handle* processors) {
  if (processors != NULL) processors[0] = socket;
  *count = 1;
  return 0;
}
int amdsmi_get_gpu_bdf_id(amdsmi_handle gpu, uint64_t* bdf) {
  *bdf = ((struct fake_amd_gpu*)gpu)->bdf;
  return 0;
}
typedef struct {
  uint64_t power_cap, default_power_cap, dpm_cap, min_power_cap, max_power_cap, reserved[3];
} amdsmi_power_cap_info_t;
int amdsmi_get_power_cap_info(amdsmi_handle gpu, uint32_t sensor, amdsmi_power_cap_info_t* info) {
  memset(info, 0, sizeof(*info));
  info->power_cap = ((struct fake_amd_gpu*)gpu)->cap_uw;
  return sensor == 0 ? 0 : 2;
}
typedef struct {
  uint64_t correctable_count, uncorrectable_count, deferred_count, reserved[5];
} amdsmi_error_count_t;
int amdsmi_get_gpu_total_ecc_count(amdsmi_handle gpu, amdsmi_error_count_t* count) {
  memset(count, 0, sizeof(*count));
  count->uncorrectable_count = ((struct fake_amd_gpu*)gpu)->uncorrected;
  return 0;
}

#endif
