/* Stands in for libnvidia-ml.so.1 at its own C interface. With OLD defined it has the functions of
 * an early release alone: no `_v2` or `_v3`, no NVLink, no MIG, no fabric. */
#include <stdio.h>
#include <string.h>

#include "fake_vendors.h"

typedef int nvmlReturn_t;
typedef struct fake_gpu* nvmlDevice_t;
typedef struct {
  char busIdLegacy[16];
  unsigned int domain, bus, device, pciDeviceId, pciSubSystemId;
#ifdef OLD
  unsigned int reserved[4];
#else
  char busId[32];
#endif
} nvmlPciInfo_t;
typedef struct {
  unsigned long long total, free, used;
} nvmlMemory_t;

enum {
  SUCCESS = 0,
  INVALID_ARGUMENT = 2,
  NOT_SUPPORTED = 3,
  NOT_FOUND = 6,
  TOO_SMALL = 7,
  TIMEOUT = 10
};

static struct fake_nvml state;
struct fake_nvml* fake_nvml_state(void) { return &state; }

static nvmlReturn_t text(const char* from, char* to, unsigned int size) {
  if (strlen(from) >= size) return TOO_SMALL;
  strcpy(to, from);
  return SUCCESS;
}
static void place(const struct fake_place* from, nvmlPciInfo_t* to) {
  memset(to, 0, sizeof(*to));
  to->domain = from->domain;
  to->bus = from->bus;
  to->device = from->device;
  snprintf(to->busIdLegacy, sizeof(to->busIdLegacy), "%04X:%02X:%02X.0", from->domain & 0xffff,
           from->bus & 0xff, from->device & 0x1f);
#ifndef OLD
  snprintf(to->busId, sizeof(to->busId), "%08X:%02X:%02X.0", from->domain, from->bus & 0xff,
           from->device & 0x1f);
#endif
}
/* A MIG device is told apart by where its handle points. */
static struct fake_part* part_of(nvmlDevice_t device) {
  for (unsigned int i = 0; i < state.count; ++i) {
    char* begin = (char*)state.gpu[i].part;
    if ((char*)device >= begin && (char*)device < begin + sizeof(state.gpu[i].part))
      return (struct fake_part*)device;
  }
  return NULL;
}

#ifdef OLD
#define VERSIONED(name, version) name
#else
#define VERSIONED(name, version) name##version
#endif

nvmlReturn_t VERSIONED(nvmlInit, _v2)(void) {
  if (state.init_error == SUCCESS) ++state.inits;
  return state.init_error;
}
nvmlReturn_t nvmlShutdown(void) {
  ++state.shutdowns;
  return SUCCESS;
}
nvmlReturn_t VERSIONED(nvmlDeviceGetCount, _v2)(unsigned int* count) {
  *count = state.count;
  return state.count_error;
}
nvmlReturn_t VERSIONED(nvmlDeviceGetHandleByIndex, _v2)(unsigned int index, nvmlDevice_t* device) {
  if (index >= state.count) return INVALID_ARGUMENT;
  *device = &state.gpu[index];
  return state.gpu[index].handle_error;
}
nvmlReturn_t VERSIONED(nvmlDeviceGetPciInfo, _v3)(nvmlDevice_t device, nvmlPciInfo_t* pci) {
  place(&device->place, pci);
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char* to, unsigned int size) {
  const struct fake_part* part = part_of(device);
  return text(part != NULL ? part->name : device->name, to, size);
}
nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char* to, unsigned int size) {
  const struct fake_part* part = part_of(device);
  return text(part != NULL ? part->uuid : device->uuid, to, size);
}
nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t* memory) {
  memory->total = memory->free = device->memory;
  memory->used = 0;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned int* milliwatts) {
  *milliwatts = device->draw_mw;
  return device->error;
}

#ifndef OLD

nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device,
                                                 unsigned long long* millijoules) {
  *millijoules = device->energy_mj;
  return device->energy_mj == 0 ? 3 : device->error; /* 3: not supported */
}
nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t device, unsigned int* number) {
  *number = device->minor;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCurrPcieLinkGeneration(nvmlDevice_t device, unsigned int* value) {
  *value = device->generation_now;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetGpuMaxPcieLinkGeneration(nvmlDevice_t device, unsigned int* value) {
  *value = device->generation_max;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkGeneration(nvmlDevice_t device, unsigned int* value) {
  *value = device->generation_here;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetPerformanceState(nvmlDevice_t device, unsigned int* value) {
  *value = device->performance_state;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetCurrPcieLinkWidth(nvmlDevice_t device, unsigned int* value) {
  *value = device->width_now;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetMaxPcieLinkWidth(nvmlDevice_t device, unsigned int* value) {
  *value = device->width_max;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetEnforcedPowerLimit(nvmlDevice_t device, unsigned int* milliwatts) {
  *milliwatts = device->limit_mw;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, unsigned int type, unsigned int* mhz) {
  if (type >= 3) return INVALID_ARGUMENT;
  *mhz = device->clock_mhz[type];
  return device->error;
}
nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, unsigned int type, unsigned int* mhz) {
  if (type >= 3) return INVALID_ARGUMENT;
  *mhz = device->clock_max_mhz[type];
  return device->error;
}

typedef struct {
  unsigned int fieldId, scopeId;
  long long timestamp, latencyUsec;
  unsigned int valueType;
  nvmlReturn_t nvmlReturn;
  union {
    double dVal;
    unsigned int uiVal;
    unsigned long long ullVal;
  } value;
} nvmlFieldValue_t;

nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t* values) {
  for (int i = 0; i < count; ++i) {
    nvmlFieldValue_t* v = &values[i];
    v->nvmlReturn = SUCCESS;
    v->valueType = 1;
    v->value.ullVal = 0;
    if (v->fieldId == 91) {
      v->value.uiVal = device->links;
    } else if (v->fieldId == 164 && v->scopeId < device->links &&
               device->link[v->scopeId].megabytes != 0) {
      v->value.uiVal = device->link[v->scopeId].megabytes;
    } else if (v->fieldId == 230) {
      v->value.uiVal = device->recovery_action;
    } else if (v->fieldId == 170) {
      v->value.uiVal = device->c2c_links;
    } else if (v->fieldId == 171 && v->scopeId < device->c2c_links) {
      v->value.uiVal = 1;
    } else if (v->fieldId == 172 && v->scopeId < device->c2c_links) {
      v->value.uiVal = device->c2c_megabytes;
    } else {
      v->nvmlReturn = NOT_SUPPORTED;
    }
  }
  return device->error;
}
nvmlReturn_t nvmlDeviceGetNvLinkState(nvmlDevice_t device, unsigned int link, unsigned int* up) {
  if (link >= device->links) return INVALID_ARGUMENT;
  *up = (unsigned int)device->link[link].up;
  return device->error;
}
nvmlReturn_t nvmlDeviceGetNvLinkRemotePciInfo_v2(nvmlDevice_t device, unsigned int link,
                                                 nvmlPciInfo_t* pci) {
  if (link >= device->links || device->link[link].remote_hidden) return NOT_SUPPORTED;
  place(&device->link[link].remote, pci);
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetNvLinkRemoteDeviceType(nvmlDevice_t device, unsigned int link,
                                                 unsigned int* type) {
  if (link >= device->links || !device->link[link].up) return NOT_SUPPORTED;
  *type = (unsigned int)device->link[link].remote_type;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetTotalEccErrors(nvmlDevice_t device, int type, int counter,
                                         unsigned long long* count) {
  if (type != 1 || counter != 0) return INVALID_ARGUMENT;
  *count = device->ecc_errors;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetRemappedRows(nvmlDevice_t device, unsigned int* corrected,
                                       unsigned int* uncorrected, unsigned int* pending,
                                       unsigned int* failed) {
  *corrected = *uncorrected = 0;
  *pending = device->rows_pending;
  *failed = device->rows_failed;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetRetiredPagesPendingStatus(nvmlDevice_t device, unsigned int* pending) {
  *pending = device->pages_pending;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetCurrentClocksThrottleReasons(nvmlDevice_t device,
                                                       unsigned long long* reasons) {
  *reasons = device->slowdown;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int* now, unsigned int* next) {
  *now = *next = (unsigned int)device->mig;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned int* count) {
  (void)device;
  *count = fake_most_parts;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned int index,
                                                 nvmlDevice_t* part) {
  if (index >= device->parts) return NOT_FOUND;
  *part = (nvmlDevice_t)(void*)&device->part[index];
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t device, unsigned int* id) {
  const struct fake_part* part = part_of(device);
  if (part == NULL) return INVALID_ARGUMENT;
  *id = part->instance;
  return SUCCESS;
}
nvmlReturn_t nvmlDeviceGetGpuInstanceById(nvmlDevice_t device, unsigned int id,
                                          struct fake_part** instance) {
  for (unsigned int i = 0; i < device->parts; ++i) {
    *instance = &device->part[i];
    if (device->part[i].instance == id) return SUCCESS;
  }
  return NOT_FOUND;
}
typedef struct {
  nvmlDevice_t device;
  unsigned int id, profileId;
  struct {
    unsigned int start, size;
  } placement;
} nvmlGpuInstanceInfo_t;
nvmlReturn_t nvmlGpuInstanceGetInfo(struct fake_part* instance, nvmlGpuInstanceInfo_t* info) {
  memset(info, 0, sizeof(*info));
  info->id = instance->instance;
  info->placement.start = instance->start;
  info->placement.size = instance->slices;
  return SUCCESS;
}
typedef struct {
  unsigned int engines[6], gpuInstanceSliceCount, computeInstanceSliceCount;
  unsigned long long memorySizeMB;
} nvmlDeviceAttributes_t;
nvmlReturn_t nvmlDeviceGetAttributes_v2(nvmlDevice_t device, nvmlDeviceAttributes_t* attributes) {
  const struct fake_part* part = part_of(device);
  if (part == NULL) return NOT_SUPPORTED;
  memset(attributes, 0, sizeof(*attributes));
  attributes->gpuInstanceSliceCount = part->slices;
  attributes->memorySizeMB = part->mebibytes;
  return SUCCESS;
}
typedef struct {
  unsigned char clusterUuid[16];
  nvmlReturn_t status;
  unsigned int cliqueId;
  unsigned char state;
} nvmlGpuFabricInfo_t;
nvmlReturn_t nvmlDeviceGetGpuFabricInfo(nvmlDevice_t device, nvmlGpuFabricInfo_t* info) {
  memset(info, 0, sizeof(*info));
  memcpy(info->clusterUuid, device->cluster, 16);
  info->cliqueId = device->clique;
  info->state = (unsigned char)device->fabric_state;
  return SUCCESS;
}
nvmlReturn_t nvmlEventSetCreate(void** set) {
  *set = &state;
  return SUCCESS;
}
nvmlReturn_t nvmlEventSetFree(void* set) { return set == &state ? SUCCESS : INVALID_ARGUMENT; }
nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t device, unsigned long long types, void* set) {
  if (set != &state || types != 8) return INVALID_ARGUMENT;
  device->watched = 1;
  return SUCCESS;
}
typedef struct {
  nvmlDevice_t device;
  unsigned long long eventType, eventData;
  unsigned int gpuInstanceId, computeInstanceId;
} nvmlEventData_t;
nvmlReturn_t nvmlEventSetWait_v2(void* set, nvmlEventData_t* data, unsigned int timeout_ms) {
  (void)set;
  if (timeout_ms != 0) return INVALID_ARGUMENT;
  for (unsigned int i = 0; i < state.count; ++i) {
    if (!state.gpu[i].watched || state.gpu[i].xid == 0) continue;
    memset(data, 0, sizeof(*data));
    data->device = &state.gpu[i];
    data->eventType = 8;
    data->eventData = state.gpu[i].xid;
    state.gpu[i].xid = 0;
    return SUCCESS;
  }
  return TIMEOUT;
}

#endif
