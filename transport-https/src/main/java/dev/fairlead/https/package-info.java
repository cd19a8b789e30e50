/**
 * The hub's HTTPS device interface on OkHttp, and the schedule that keeps polls for cloud-to-device
 * messages 25 minutes apart.
 */
@NullMarked
package dev.fairlead.https;

import org.jspecify.annotations.NullMarked;
