/** Marks a SQLite file as a queue of ours ("MRSP"): the application id in its header. */
export const queueApplicationId = 0x4d525350;
