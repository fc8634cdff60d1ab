// Loaded into the processes of `npm start`: they exit when the parent ends, however it ends.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
