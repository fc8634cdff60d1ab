ALTER TABLE "webhooks" ALTER COLUMN "secret" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "uploads" ADD COLUMN "threat" text;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "encrypted_secret" text;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "encrypted_previous_secret" text;