/** The application id in the header of a SQLite file that is a Millrace queue ("MRSP"). */
export const queueApplicationId = 0x4d525350;
