#pragma once
// What each row of the campaign does.

#include "faults/campaign.hpp"

namespace faults {

void bad_http(const Setting& setting, Findings& findings);
void bad_sockets(const Setting& setting, Findings& findings);
void bad_cursors(const Setting& setting, Findings& findings);
void bad_json(const Setting& setting, Findings& findings);
void half_open(const Setting& setting, Findings& findings);
void slow(const Setting& setting, Findings& findings);
void resets(const Setting& setting, Findings& findings);
void crash_with_data(const Setting& setting, Findings& findings);
void crash_without_data(const Setting& setting, Findings& findings);
void damaged_data(const Setting& setting, Findings& findings);
void churn(const Setting& setting, Findings& findings);
void stalled(const Setting& setting, Findings& findings);
void flood(const Setting& setting, Findings& findings);
void oversize(const Setting& setting, Findings& findings);
void control_frames(const Setting& setting, Findings& findings);
void deflate_bomb(const Setting& setting, Findings& findings);
void descriptors(const Setting& setting, Findings& findings);
void bad_utf8(const Setting& setting, Findings& findings);
void forged_lines(const Setting& setting, Findings& findings);
void wrong_masks(const Setting& setting, Findings& findings);
void foreign_origins(const Setting& setting, Findings& findings);
void cross_site_posts(const Setting& setting, Findings& findings);
void scripts(const Setting& setting, Findings& findings);
void traversal(const Setting& setting, Findings& findings);
void clock_jumps(const Setting& setting, Findings& findings);
void bad_pictures(const Setting& setting, Findings& findings);
void drain(const Setting& setting, Findings& findings);
void stopped(const Setting& setting, Findings& findings);
void many_rooms(const Setting& setting, Findings& findings);
void bad_disk(const Setting& setting, Findings& findings);
void herd(const Setting& setting, Findings& findings);
void hostile_servers(const Setting& setting, Findings& findings);
void soak(const Setting& setting, Findings& findings);

}  // namespace faults
