// The part of NVML's C interface that is used, declared anew from its public documentation (NVML
// API Reference, docs.nvidia.com/deploy/nvml-api, releases R470 to R570; layouts are those of
// Linux on 64 bits). Shared with the library that tests build in its place. Nothing of NVIDIA's is
// needed to compile this.
#pragma once

#include <stdint.h>

namespace freehold::discover::nvml {

using Return = int;  // nvmlReturn_t
inline constexpr Return success = 0, not_supported = 3, not_found = 6, insufficient_size = 7,
                        driver_not_loaded = 9, timeout = 10, gpu_is_lost = 15, reset_required = 16,
                        no_data = 21, unknown_error = 999;

using Device = struct DeviceHandle*;            // nvmlDevice_t
using GpuInstance = struct GpuInstanceHandle*;  // nvmlGpuInstance_t
using EventSet = struct EventSetHandle*;        // nvmlEventSet_t

// nvmlPciInfo_t. Since `_v3` (and `_v2`) with the second text; before it, four reserved words.
struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain, bus, device;
  unsigned device_id, subsystem_id;
  char bus_id[32];
};
static_assert(sizeof(PciInfo) == 68);

struct Memory {  // nvmlMemory_t
  unsigned long long total, free, used;
};

struct FieldValue {  // nvmlFieldValue_t
  unsigned field, scope;
  long long timestamp_us, latency_us;
  unsigned type;  // 1: unsigned int, 3: unsigned long long
  Return result;
  union {
    double real;
    unsigned number;
    unsigned long long wide;
  } value;
};
static_assert(sizeof(FieldValue) == 40);

// Fields. Speeds are in 10^6 bytes per second, one direction.
inline constexpr unsigned field_nvlink_speed_0 = 84;       // to 89, links 0 to 5
inline constexpr unsigned field_nvlink_speed_common = 90;  // Volta to Ampere
inline constexpr unsigned field_nvlink_count = 91;
inline constexpr unsigned field_nvlink_speed_6 = 132;  // to 137, links 6 to 11
inline constexpr unsigned field_nvlink_speed = 164;    // since Hopper; the scope is the link
inline constexpr unsigned field_c2c_count = 170, field_c2c_status = 171, field_c2c_speed = 172;

// Since R570: what the driver asks for to clear a fault (nvmlDeviceGpuRecoveryAction_t); 0:
// nothing.
inline constexpr unsigned field_recovery_action = 230;

inline constexpr unsigned remote_gpu = 0, remote_npu = 1, remote_switch = 2;

struct Placement {  // nvmlGpuInstancePlacement_t, in memory slices
  unsigned start, size;
};
struct GpuInstanceInfo {  // nvmlGpuInstanceInfo_t
  Device device;
  unsigned id, profile;
  Placement placement;
};
static_assert(sizeof(GpuInstanceInfo) == 24);

struct Attributes {  // nvmlDeviceAttributes_t
  unsigned multiprocessors, copy_engines, decoders, encoders, jpeg, ofa;
  unsigned gpu_slices, compute_slices;
  unsigned long long memory_mib;
};
static_assert(sizeof(Attributes) == 40);

struct FabricInfo {  // nvmlGpuFabricInfo_t
  unsigned char cluster[16];
  Return status;
  unsigned clique;
  unsigned char state;
};
static_assert(sizeof(FabricInfo) == 28);
inline constexpr unsigned char fabric_completed = 3;

struct EventData {  // nvmlEventData_t
  Device device;
  unsigned long long type, data;
  unsigned gpu_instance, compute_instance;
};
static_assert(sizeof(EventData) == 32);
inline constexpr unsigned long long event_xid = 8;

inline constexpr unsigned clock_sm = 1, clock_memory = 2;  // nvmlClockType_t

inline constexpr unsigned long long reason_hardware_thermal = 0x40, reason_power_brake = 0x80;

// The functions, by their documented names. A null pointer: this library has none of that name.
struct Functions {
  Return (*init)() = nullptr;
  Return (*shutdown)() = nullptr;
  Return (*driver_version)(char* text, unsigned size) = nullptr;
  Return (*count)(unsigned* count) = nullptr;
  Return (*by_index)(unsigned index, Device* device) = nullptr;
  Return (*pci)(Device, PciInfo*) = nullptr;
  Return (*name)(Device, char* text, unsigned size) = nullptr;
  Return (*uuid)(Device, char* text, unsigned size) = nullptr;
  Return (*minor)(Device, unsigned* number) = nullptr;
  Return (*memory)(Device, Memory*) = nullptr;
  Return (*generation_now)(Device, unsigned*) = nullptr;
  Return (*generation_max)(Device, unsigned*) = nullptr;
  Return (*generation_here)(Device, unsigned*) = nullptr;
  Return (*performance_state)(Device, unsigned*) = nullptr;  // 0: P0, the fastest
  Return (*width_now)(Device, unsigned*) = nullptr;
  Return (*width_max)(Device, unsigned*) = nullptr;
  Return (*fields)(Device, int count, FieldValue*) = nullptr;
  Return (*link_state)(Device, unsigned link, unsigned* is_active) = nullptr;
  Return (*link_remote)(Device, unsigned link, PciInfo*) = nullptr;
  Return (*link_remote_type)(Device, unsigned link, unsigned* type) = nullptr;
  Return (*limit)(Device, unsigned* milliwatts) = nullptr;
  Return (*draw)(Device, unsigned* milliwatts) = nullptr;
  Return (*energy)(Device, unsigned long long* millijoules) = nullptr;  // since the driver came
  Return (*clock)(Device, unsigned type, unsigned* megahertz) = nullptr;
  Return (*clock_max)(Device, unsigned type, unsigned* megahertz) = nullptr;
  Return (*ecc_errors)(Device, unsigned type, unsigned counter, unsigned long long*) = nullptr;
  Return (*remapped_rows)(Device, unsigned* corrected, unsigned* uncorrected, unsigned* pending,
                          unsigned* failed) = nullptr;
  Return (*pages_pending)(Device, unsigned* is_pending) = nullptr;
  Return (*slowdown)(Device, unsigned long long* reasons) = nullptr;
  Return (*mig_mode)(Device, unsigned* now, unsigned* next) = nullptr;
  Return (*mig_count)(Device, unsigned*) = nullptr;
  Return (*mig_device)(Device, unsigned index, Device*) = nullptr;
  Return (*mig_instance)(Device, unsigned* id) = nullptr;
  Return (*instance)(Device, unsigned id, GpuInstance*) = nullptr;
  Return (*instance_info)(GpuInstance, GpuInstanceInfo*) = nullptr;
  Return (*attributes)(Device, Attributes*) = nullptr;
  Return (*fabric)(Device, FabricInfo*) = nullptr;
  Return (*make_events)(EventSet*) = nullptr;
  Return (*free_events)(EventSet) = nullptr;
  Return (*watch)(Device, unsigned long long types, EventSet) = nullptr;
  Return (*wait)(EventSet, EventData*, unsigned timeout_ms) = nullptr;
};

}  // namespace freehold::discover::nvml
