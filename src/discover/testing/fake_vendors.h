// What the stand-ins for vendors' libraries answer: tests fill it in, through the function that
// each library exports beside the vendor's own. Plain C, so that the libraries are just that. Not
// part of the product.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum { fake_most_gpus = 16, fake_most_links = 20, fake_most_parts = 8 };

struct fake_place {
  unsigned domain, bus, device;
};
struct fake_link {
  int up, remote_type; /* 0: GPU, 2: switch, 255: unknown */
  int remote_hidden;   /* the other end is not told */
  struct fake_place remote;
  unsigned megabytes; /* per second; 0: not supported */
};
struct fake_part { /* a MIG device */
  char name[96], uuid[96];
  unsigned instance, start, slices;
  unsigned long long mebibytes;
};
struct fake_gpu {
  int handle_error; /* answered for the handle */
  int error;        /* answered for everything else */
  char name[96], uuid[96];
  struct fake_place place;
  unsigned minor, generation_now, generation_max, generation_here, width_now, width_max;
  unsigned performance_state;
  unsigned long long memory;
  unsigned limit_mw, draw_mw;
  unsigned long long energy_mj;
  unsigned clock_mhz[3], clock_max_mhz[3]; /* graphics, processors, memory */
  unsigned links;
  struct fake_link link[fake_most_links];
  unsigned c2c_links, c2c_megabytes;
  int mig;
  unsigned parts;
  struct fake_part part[fake_most_parts];
  unsigned long long ecc_errors, slowdown;
  unsigned rows_pending, rows_failed, pages_pending;
  unsigned char cluster[16];
  unsigned clique, fabric_state;
  unsigned long long xid;   /* told once, then 0 */
  unsigned recovery_action; /* that the driver asks for; 0: none */
  int watched;
};
struct fake_nvml {
  int init_error, count_error, inits, shutdowns;
  unsigned count;
  struct fake_gpu gpu[fake_most_gpus];
};
typedef struct fake_nvml* (*fake_nvml_function)(void); /* "fake_nvml_state" */

struct fake_amd_gpu {
  unsigned long long bdf, cap_uw, draw_uw, uncorrected;
};
struct fake_amd {
  int init_error, inits, shutdowns;
  unsigned count;
  struct fake_amd_gpu gpu[fake_most_gpus];
};
typedef struct fake_amd* (*fake_amd_function)(void); /* "fake_amd_state" */

struct fake_verbs {
  int count, opens, is_refused;
  char name[4][64];
  int queue_pairs, completion_queues, memory_regions;
  unsigned long long region_bytes;
};
typedef struct fake_verbs* (*fake_verbs_function)(void); /* "fake_verbs_state" */

#ifdef __cplusplus
}
#endif
