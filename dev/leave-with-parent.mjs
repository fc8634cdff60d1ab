// Loaded into the processes of `npm start`: when the parent is gone, however it ended, nothing stays behind.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
