// Made of openapi.json, whose SHA-256 is 29d875b1e3b312f3cdc32e59d4e6d9189bdfa758a42fb7f83eb0347863d71f24.

export interface paths {
    "/api/v1/portfolios": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the portfolios that the caller knows of, oldest first.
         * @description Scope: `portfolio:read`; published things need none. tRPC: `portfolio.list`.
         */
        get: operations["portfolio_list"];
        put?: never;
        /**
         * Create a portfolio; the caller becomes its owner.
         * @description Scope: `portfolio:write`. tRPC: `portfolio.create`.
         */
        post: operations["portfolio_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a portfolio's profile.
         * @description Scope: `portfolio:read`; published things need none. tRPC: `portfolio.read`.
         */
        get: operations["portfolio_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the given fields of a portfolio's profile.
         * @description Scope: `portfolio:write`. tRPC: `portfolio.update`.
         */
        patch: operations["portfolio_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a portfolio has published, at a glance: counts, newest studies, standings and headline metrics.
         * @description Scope: `portfolio:read`; published things need none. tRPC: `portfolio.summary`.
         */
        get: operations["portfolio_summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a PDF of all that a portfolio has published: a job that renders and stores it.
         * @description Scope: `job:write`. tRPC: `portfolio.export`.
         */
        post: operations["portfolio_export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the members of a portfolio by subject; every member may.
         * @description Scope: `portfolio:read`. tRPC: `member.list`.
         */
        get: operations["member_list"];
        put?: never;
        /**
         * Let somebody work in a portfolio, as viewer, editor or owner.
         * @description Scope: `portfolio:write`. tRPC: `member.add`.
         */
        post: operations["member_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/members/{subject}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a member of a portfolio; every member may.
         * @description Scope: `portfolio:read`. tRPC: `member.read`.
         */
        get: operations["member_read"];
        put?: never;
        post?: never;
        /**
         * Remove a member, or leave; the last owner stays.
         * @description Scope: `portfolio:write`. tRPC: `member.remove`.
         */
        delete: operations["member_remove"];
        options?: never;
        head?: never;
        /**
         * Change the role of a member; the last owner stays one.
         * @description Scope: `portfolio:write`. tRPC: `member.update`.
         */
        patch: operations["member_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the keys of a portfolio, newest first, without their secrets.
         * @description Scope: `api-key:read`. tRPC: `apiKey.list`.
         */
        get: operations["apiKey_list"];
        put?: never;
        /**
         * Make a key that works in this portfolio only; its secret is shown this once.
         * @description Scope: `api-key:write`. tRPC: `apiKey.create`.
         */
        post: operations["apiKey_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a key of a portfolio, at once and for good; to end it again changes nothing.
         * @description Scope: `api-key:write`. tRPC: `apiKey.revoke`.
         */
        delete: operations["apiKey_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your own keys, newest first, without their secrets.
         * @description Scope: `api-key:read`. tRPC: `ownKey.list`.
         */
        get: operations["ownKey_list"];
        put?: never;
        /**
         * Make a key of your own: it acts as you, wherever you are a member. Its secret is shown this once.
         * @description Scope: `api-key:write`. tRPC: `ownKey.create`.
         */
        post: operations["ownKey_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a key of your own, at once and for good; to end it again changes nothing.
         * @description Scope: `api-key:write`. tRPC: `ownKey.revoke`.
         */
        delete: operations["ownKey_revoke"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the webhooks of a portfolio, newest first; for its owners.
         * @description Scope: `webhook:read`. tRPC: `webhook.list`.
         */
        get: operations["webhook_list"];
        put?: never;
        /**
         * Have an address told of what happens in a portfolio; the secret that signs is shown this once.
         * @description Scope: `webhook:write`. tRPC: `webhook.create`.
         */
        post: operations["webhook_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a webhook, without its secret.
         * @description Scope: `webhook:read`. tRPC: `webhook.read`.
         */
        get: operations["webhook_read"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook and its deliveries; what was not sent yet is not sent any more.
         * @description Scope: `webhook:write`. tRPC: `webhook.delete`.
         */
        delete: operations["webhook_delete"];
        options?: never;
        head?: never;
        /**
         * Change the given fields of a webhook, or switch it on or off.
         * @description Scope: `webhook:write`. tRPC: `webhook.update`.
         */
        patch: operations["webhook_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a webhook a new secret, shown this once; for a day messages are signed with the old one too.
         * @description Scope: `webhook:write`. tRPC: `webhook.rotateSecret`.
         */
        post: operations["webhook_rotateSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a `ping` to try a webhook out, even one that is switched off.
         * @description Scope: `webhook:write`. tRPC: `webhook.test`.
         */
        post: operations["webhook_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what was sent to a webhook, newest first, and what came of it.
         * @description Scope: `webhook:read`. tRPC: `webhook.deliveries`.
         */
        get: operations["webhook_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks/{id}/deliveries/{delivery}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a delivery with what is sent.
         * @description Scope: `webhook:read`. tRPC: `webhook.delivery`.
         */
        get: operations["webhook_delivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/webhooks/{id}/deliveries/{delivery}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message again, under the id that it had: a delivery of its own.
         * @description Scope: `webhook:write`. tRPC: `webhook.redeliver`.
         */
        post: operations["webhook_redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who changed what in a portfolio, newest first; for its owners.
         * @description Scope: `audit:read`. tRPC: `audit.list`.
         */
        get: operations["audit_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the case studies of a portfolio, the newest first if nothing else is asked for.
         * @description Scope: `case-study:read`; published things need none. tRPC: `caseStudy.list`.
         */
        get: operations["caseStudy_list"];
        put?: never;
        /**
         * Create a case study as a draft.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.create`.
         */
        post: operations["caseStudy_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/pdf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the PDF of a case study as it is now: a link for five minutes, or the job that makes it.
         * @description Scope: `case-study:read`; published things need none. tRPC: `caseStudy.pdf`.
         */
        get: operations["caseStudy_pdf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a case study.
         * @description Scope: `case-study:read`; published things need none. tRPC: `caseStudy.read`.
         */
        get: operations["caseStudy_read"];
        put?: never;
        post?: never;
        /**
         * Delete a case study with its revisions and claims; jobs for it and their results stay.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.delete`.
         */
        delete: operations["caseStudy_delete"];
        options?: never;
        head?: never;
        /**
         * Change the given fields of a case study; where any differs, that is a new revision.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.update`.
         */
        patch: operations["caseStudy_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/provenance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Trace every claim of a case study to its evidence and its metric, and say what it is worth now.
         * @description Scope: `case-study:read`; published things need none. tRPC: `caseStudy.provenance`.
         */
        get: operations["caseStudy_provenance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish a case study for everybody to read; a published one stays as it is, an archived one has to become a draft first.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.publish`.
         */
        post: operations["caseStudy_publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/unpublish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a published or archived case study a draft again, which only members read.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.unpublish`.
         */
        post: operations["caseStudy_unpublish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a case study away: only members read it, and lists leave it out unless asked for it.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.archive`.
         */
        post: operations["caseStudy_archive"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the revisions of a case study, newest first: who changed what when.
         * @description Scope: `case-study:read`. tRPC: `caseStudy.revisions`.
         */
        get: operations["caseStudy_revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/revisions/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare two revisions of a case study: what differs, field by field and line by line.
         * @description Scope: `case-study:read`. tRPC: `caseStudy.diff`.
         */
        get: operations["caseStudy_diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/revisions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a case study as it was at one of its revisions.
         * @description Scope: `case-study:read`. tRPC: `caseStudy.revision`.
         */
        get: operations["caseStudy_revision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/revisions/{number}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring back what a case study was at one of its revisions, as a new one; where nothing differs, all stays.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.restore`.
         */
        post: operations["caseStudy_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/case-studies/{slug}/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a PDF of a case study: a job that renders and stores it.
         * @description Scope: `job:write`. tRPC: `caseStudy.export`.
         */
        post: operations["caseStudy_export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/uploads/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask to send a file for a version of evidence: a form that S3 takes for 15 minutes.
         * @description Scope: `evidence:write`. tRPC: `evidence.upload`.
         */
        post: operations["evidence_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/evidence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the evidence of a portfolio, newest first.
         * @description Scope: `evidence:read`; published things need none. tRPC: `evidence.list`.
         */
        get: operations["evidence_list"];
        put?: never;
        /**
         * Create evidence, to be uploaded or fetched from a source; it has no bytes yet.
         * @description Scope: `evidence:write`. tRPC: `evidence.create`.
         */
        post: operations["evidence_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/evidence/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read evidence: where it comes from, its latest version, and whether it can be relied on.
         * @description Scope: `evidence:read`; published things need none. tRPC: `evidence.read`.
         */
        get: operations["evidence_read"];
        put?: never;
        post?: never;
        /**
         * Delete evidence that no claim cites, with all its versions.
         * @description Scope: `evidence:write`. tRPC: `evidence.delete`.
         */
        delete: operations["evidence_delete"];
        options?: never;
        head?: never;
        /**
         * Change the given fields of evidence; its versions stay as they are.
         * @description Scope: `evidence:write`. tRPC: `evidence.update`.
         */
        patch: operations["evidence_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/evidence/{slug}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the versions of evidence, newest first; strangers see the cited ones and the latest.
         * @description Scope: `evidence:read`; published things need none. tRPC: `evidence.versions`.
         */
        get: operations["evidence_versions"];
        put?: never;
        /**
         * Take an uploaded file as the newest version; the same bytes again count as a check.
         * @description Scope: `evidence:write`. tRPC: `evidence.addVersion`.
         */
        post: operations["evidence_addVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/evidence/{slug}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the bytes of a version of evidence: a link that works for five minutes.
         * @description Scope: `evidence:read`; published things need none. tRPC: `evidence.content`.
         */
        get: operations["evidence_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/evidence/{slug}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read the stored bytes of the latest version again and compare their hash: other bytes break claims.
         * @description Scope: `evidence:write`. tRPC: `evidence.verify`.
         */
        post: operations["evidence_verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/evidence/{slug}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask to fetch evidence from its source again: a job that keeps what has changed.
         * @description Scope: `evidence:write`. tRPC: `evidence.sync`.
         */
        post: operations["evidence_sync"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the metrics of a portfolio, newest first; to strangers those that published claims rest on.
         * @description Scope: `metric:read`; published things need none. tRPC: `metric.list`.
         */
        get: operations["metric_list"];
        put?: never;
        /**
         * Define a metric, to which samples can then be recorded.
         * @description Scope: `metric:write`. tRPC: `metric.define`.
         */
        post: operations["metric_define"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metrics/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read what a metric measures.
         * @description Scope: `metric:read`; published things need none. tRPC: `metric.read`.
         */
        get: operations["metric_read"];
        put?: never;
        post?: never;
        /**
         * Delete a metric and its samples; refused while claims rest on it.
         * @description Scope: `metric:write`. tRPC: `metric.delete`.
         */
        delete: operations["metric_delete"];
        options?: never;
        head?: never;
        /**
         * Change the given fields of a metric; its samples stay as they are.
         * @description Scope: `metric:write`. tRPC: `metric.update`.
         */
        patch: operations["metric_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metrics/{key}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record up to 5,000 samples of a metric; at a time that has one, the new value takes its place.
         * @description Scope: `metric:write`. tRPC: `metric.record`.
         */
        post: operations["metric_record"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metrics/{key}/samples/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete the samples of a range of time.
         * @description Scope: `metric:write`. tRPC: `metric.deleteSamples`.
         */
        post: operations["metric_deleteSamples"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metrics/{key}/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a metric over time, in at most 5,000 points; strangers see what published claims rest on.
         * @description Scope: `metric:read`; published things need none. tRPC: `metric.series`.
         */
        get: operations["metric_series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metrics/{key}/comparison": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare a metric before and after a moment; strangers see what published claims rest on.
         * @description Scope: `metric:read`; published things need none. tRPC: `metric.compare`.
         */
        get: operations["metric_compare"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/metric-reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for a report of metrics as CSV or as PDF with charts: a job that sums them up and stores it.
         * @description Scope: `job:write`. tRPC: `metric.report`.
         */
        post: operations["metric_report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/uploads/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask to send a file for a version of artifact: a form that S3 takes for 15 minutes.
         * @description Scope: `artifact:write`. tRPC: `artifact.upload`.
         */
        post: operations["artifact_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the artifacts of a portfolio, newest first.
         * @description Scope: `artifact:read`; published things need none. tRPC: `artifact.list`.
         */
        get: operations["artifact_list"];
        put?: never;
        /**
         * Create an artifact: a piece of automation, whose versions are added to it.
         * @description Scope: `artifact:write`. tRPC: `artifact.create`.
         */
        post: operations["artifact_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/artifacts/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an artifact with its newest versions.
         * @description Scope: `artifact:read`; published things need none. tRPC: `artifact.read`.
         */
        get: operations["artifact_read"];
        put?: never;
        post?: never;
        /**
         * Delete an artifact that no case study presents, with all its versions.
         * @description Scope: `artifact:write`. tRPC: `artifact.delete`.
         */
        delete: operations["artifact_delete"];
        options?: never;
        head?: never;
        /**
         * Change the given fields of an artifact; its versions stay as they are.
         * @description Scope: `artifact:write`. tRPC: `artifact.update`.
         */
        patch: operations["artifact_update"];
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/artifacts/{slug}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the versions of an artifact, newest first.
         * @description Scope: `artifact:read`; published things need none. tRPC: `artifact.versions`.
         */
        get: operations["artifact_versions"];
        put?: never;
        /**
         * Add a version to an artifact: an uploaded file, or a place in its repository.
         * @description Scope: `artifact:write`. tRPC: `artifact.addVersion`.
         */
        post: operations["artifact_addVersion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/artifacts/{slug}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a version of an artifact: a link to its file that works for five minutes, or its reference.
         * @description Scope: `artifact:read`; published things need none. tRPC: `artifact.content`.
         */
        get: operations["artifact_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Store a picture for case studies to show; the same bytes are stored once.
         * @description Scope: `case-study:write`. tRPC: `image.upload`.
         */
        post: operations["image_upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/images/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an image: a link that works for five minutes. Strangers see what a published study shows.
         * @description Scope: `case-study:read`; published things need none. tRPC: `image.read`.
         */
        get: operations["image_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the jobs of the caller's portfolios, newest first.
         * @description Scope: `job:read`. tRPC: `job.list`.
         */
        get: operations["job_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch the caller's jobs: the newest ones first, then each job whenever it changes.
         * @description Scope: `job:read`. tRPC: `job.changes`.
         */
        get: operations["job_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a job.
         * @description Scope: `job:read`. tRPC: `job.read`.
         */
        get: operations["job_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Watch a job: a snapshot, then every event until it is done. Resumes after `lastEventId`, by another snapshot where events after it are no longer kept.
         * @description Scope: `job:read`. tRPC: `job.events`.
         */
        get: operations["job_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the file that a job made: a link that works for five minutes.
         * @description Scope: `job:read`. tRPC: `job.result`.
         */
        get: operations["job_result"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a job: a queued one at once; a running one ends as cancelled as soon as its worker has let go.
         * @description Scope: `job:write`. tRPC: `job.cancel`.
         */
        post: operations["job_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Queue a failed, cancelled or dead job again, with as many attempts as a new one. Not a delivery to a webhook: that is redelivered.
         * @description Scope: `job:write`. tRPC: `job.retry`.
         */
        post: operations["job_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/jobs/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel the queued and running jobs of a portfolio that match a filter, up to 1,000 in a call.
         * @description Scope: `job:write`. tRPC: `job.cancelMany`.
         */
        post: operations["job_cancelMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/portfolios/{portfolio}/jobs/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Queue the failed, cancelled and dead jobs of a portfolio that match a filter again, up to 1,000 in a call; but for deliveries to webhooks, which are redelivered.
         * @description Scope: `job:write`. tRPC: `job.retryMany`.
         */
        post: operations["job_retryMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        ApiKey: {
            id: string;
            /** @description Null for the key of a user. */
            portfolio: string | null;
            name: string;
            /** @description The first characters of the secret. */
            prefix: string;
            scopes: ("portfolio:read" | "case-study:read" | "artifact:read" | "metric:read" | "evidence:read" | "job:read" | "api-key:read" | "webhook:read" | "portfolio:write" | "case-study:write" | "artifact:write" | "metric:write" | "evidence:write" | "job:write" | "api-key:write" | "webhook:write" | "audit:read")[];
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            /** @description To the minute or so. */
            lastUsedAt: string | null;
            revokedAt: string | null;
        };
        ApiKeyCreateBody: {
            /** @description What it is for. */
            name: string;
            /** @description What it may do; not more than the credential that asks for it. */
            scopes: ("portfolio:read" | "case-study:read" | "artifact:read" | "metric:read" | "evidence:read" | "job:read" | "api-key:read" | "webhook:read" | "portfolio:write" | "case-study:write" | "artifact:write" | "metric:write" | "evidence:write" | "job:write" | "api-key:write" | "webhook:write" | "audit:read")[];
            /** @description When it ends; null for never. */
            expiresAt: string | null;
        };
        ApiKeyPage: {
            items: components["schemas"]["ApiKey"][];
            nextCursor: string | null;
        };
        Artifact: {
            id: string;
            portfolio: string;
            slug: string;
            /** @enum {string} */
            kind: "module" | "pipeline" | "script" | "runbook" | "policy" | "dashboard";
            title: string;
            /** @description Plain text. */
            description: string;
            /** @description SPDX identifier. */
            licence: string | null;
            repositoryUrl: string | null;
            latestVersions: components["schemas"]["ArtifactVersion"][];
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        ArtifactAddVersionBody: {
            name: string;
            /**
             * @description Markdown.
             * @default
             */
            notes: string;
            /** @description Of an upload whose file has been sent. */
            uploadId?: string;
            /**
             * Format: uri
             * @description Of a release, tag or file in the repository.
             */
            referenceUrl?: string;
        };
        ArtifactContent: {
            name: string;
            notes: string;
            referenceUrl: string | null;
            file: {
                fileName: string;
                /** @description By its bytes, whatever the sender said. */
                contentType: string;
                /** Format: int64 */
                sizeBytes: number;
                sha256: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: uri */
            url: string;
            expiresAt: string | null;
        };
        ArtifactCreateBody: {
            slug: string;
            /** @enum {string} */
            kind: "module" | "pipeline" | "script" | "runbook" | "policy" | "dashboard";
            title: string;
            /**
             * @description Plain text.
             * @default
             */
            description: string;
            /**
             * @description SPDX identifier.
             * @default null
             */
            licence: string | null;
            /** @default null */
            repositoryUrl: string | null;
        };
        ArtifactPage: {
            items: components["schemas"]["Artifact"][];
            nextCursor: string | null;
        };
        ArtifactUpdateBody: {
            /** @enum {string} */
            kind?: "module" | "pipeline" | "script" | "runbook" | "policy" | "dashboard";
            title?: string;
            /** @description Plain text. */
            description?: string;
            /** @description SPDX identifier. */
            licence?: string | null;
            repositoryUrl?: string | null;
        };
        ArtifactUploadBody: {
            fileName: string & (unknown & unknown);
            contentType: string;
            /** Format: int32 */
            sizeBytes: number;
            sha256: string;
        };
        ArtifactVersion: {
            name: string;
            notes: string;
            referenceUrl: string | null;
            file: {
                fileName: string;
                /** @description By its bytes, whatever the sender said. */
                contentType: string;
                /** Format: int64 */
                sizeBytes: number;
                sha256: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
        };
        ArtifactVersionPage: {
            items: components["schemas"]["ArtifactVersion"][];
            nextCursor: string | null;
        };
        AuditEntry: {
            id: string;
            /** Format: date-time */
            at: string;
            /** @description A subject, or the id of the API key of a portfolio. */
            actor: string;
            /** @description The operation, such as `caseStudy.publish`. */
            action: string;
            /** @description What it was done to: a slug, a key, an id or a subject. */
            target: string | null;
            /** @description Names of the fields that were given. */
            fields: string[];
        };
        AuditEntryPage: {
            items: components["schemas"]["AuditEntry"][];
            nextCursor: string | null;
        };
        CaseStudy: {
            id: string;
            portfolio: string;
            slug: string;
            title: string;
            /** @description Plain text. */
            summary: string;
            /** @description Markdown: CommonMark and GFM. */
            body: string;
            /** @description For whom the work was done. */
            client: string | null;
            /** @description Months of the work; without `to` it goes on. */
            period: {
                from: string;
                to?: string;
            } | null;
            tags: string[];
            /** @description Language of the text (BCP 47). */
            language: string;
            claims: components["schemas"]["Claim"][];
            /** @description The artifacts that the study presents. */
            artifacts: string[];
            /** @enum {string} */
            status: "draft" | "published" | "archived";
            /** Format: int64 */
            revision: number;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            publishedAt: string | null;
        };
        CaseStudyContent: {
            title: string;
            /** @description Plain text. */
            summary: string;
            /** @description Markdown: CommonMark and GFM. */
            body: string;
            /** @description For whom the work was done. */
            client: string | null;
            /** @description Months of the work; without `to` it goes on. */
            period: {
                from: string;
                to?: string;
            } | null;
            tags: string[];
            /** @description Language of the text (BCP 47). */
            language: string;
            claims: components["schemas"]["Claim"][];
            /** @description The artifacts that the study presents. */
            artifacts: string[];
        };
        CaseStudyCreateBody: {
            slug: string;
            title: string;
            /**
             * @description Plain text.
             * @default
             */
            summary: string;
            /**
             * @description Markdown: CommonMark and GFM.
             * @default
             */
            body: string;
            /**
             * @description For whom the work was done.
             * @default null
             */
            client: string | null;
            /**
             * @description Months of the work; without `to` it goes on.
             * @default null
             */
            period: {
                from: string;
                to?: string;
            } | null;
            /** @default [] */
            tags: string[];
            /**
             * @description Language of the text (BCP 47).
             * @default en
             */
            language: string;
            /** @default [] */
            claims: {
                /** @description Names the claim within its study. */
                key: string;
                statement: string;
                /**
                 * @description What was measured, and when.
                 * @default null
                 */
                metric: {
                    /** @description The metric. */
                    key: string;
                    /** Format: date-time */
                    from: string;
                    /**
                     * Format: date-time
                     * @description The first moment that does not belong to it.
                     */
                    to: string;
                    /**
                     * @description When the change took effect: what was before and after it is compared.
                     * @default null
                     */
                    changedAt: string | null;
                } | null;
                /** @default [] */
                evidence: {
                    slug: string;
                    /**
                     * Format: int32
                     * @description Left out, it stays as it was in the same claim, or becomes the latest.
                     */
                    version?: number;
                }[];
            }[];
            /**
             * @description The artifacts that the study presents.
             * @default []
             */
            artifacts: string[];
        };
        CaseStudyDiff: {
            /**
             * Format: int32
             * @description Number of a revision, from 1.
             */
            from: number;
            /**
             * Format: int32
             * @description Number of a revision, from 1.
             */
            to: number;
            changed: ("title" | "summary" | "body" | "client" | "period" | "tags" | "language" | "claims" | "artifacts")[];
            before: {
                title?: string;
                /** @description Plain text. */
                summary?: string;
                /** @description For whom the work was done. */
                client?: string | null;
                /** @description Months of the work; without `to` it goes on. */
                period?: {
                    from: string;
                    to?: string;
                } | null;
                tags?: string[];
                /** @description Language of the text (BCP 47). */
                language?: string;
                claims?: components["schemas"]["Claim"][];
                /** @description The artifacts that the study presents. */
                artifacts?: string[];
            };
            after: {
                title?: string;
                /** @description Plain text. */
                summary?: string;
                /** @description For whom the work was done. */
                client?: string | null;
                /** @description Months of the work; without `to` it goes on. */
                period?: {
                    from: string;
                    to?: string;
                } | null;
                tags?: string[];
                /** @description Language of the text (BCP 47). */
                language?: string;
                claims?: components["schemas"]["Claim"][];
                /** @description The artifacts that the study presents. */
                artifacts?: string[];
            };
            patches: {
                /** @description A unified diff of the lines; null where the texts are too large and too different for one: read both revisions then. */
                summary?: string | null;
                /** @description A unified diff of the lines; null where the texts are too large and too different for one: read both revisions then. */
                body?: string | null;
            };
        };
        CaseStudyExportBody: {
            /**
             * @description Which of the portfolio’s jobs goes first, “normal” if not given; it changes nothing for others.
             * @enum {string}
             */
            priority?: "high" | "normal" | "low";
        };
        CaseStudyItem: {
            id: string;
            portfolio: string;
            slug: string;
            title: string;
            /** @description Plain text. */
            summary: string;
            /** @description For whom the work was done. */
            client: string | null;
            /** @description Months of the work; without `to` it goes on. */
            period: {
                from: string;
                to?: string;
            } | null;
            tags: string[];
            /** @description Language of the text (BCP 47). */
            language: string;
            /** @enum {string} */
            status: "draft" | "published" | "archived";
            /** Format: int64 */
            revision: number;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            publishedAt: string | null;
            /** Format: int64 */
            claimCount: number;
        };
        CaseStudyItemPage: {
            items: components["schemas"]["CaseStudyItem"][];
            nextCursor: string | null;
        };
        CaseStudyPdf: {
            file: components["schemas"]["JobResult"] | null;
            /** @description What to wait for, where there is no file of the present version yet. */
            job: components["schemas"]["Job"] | null;
        };
        CaseStudyRevision: {
            /**
             * Format: int32
             * @description Number of a revision, from 1.
             */
            number: number;
            /** @description Who made it; `unknown` if it is older than the record of that. */
            author: string;
            /** Format: date-time */
            createdAt: string;
            /** @description The number of the revision that it brought back. */
            restoredFrom: number | null;
            /** @description The fields in which it differs from the one before. */
            changed: ("title" | "summary" | "body" | "client" | "period" | "tags" | "language" | "claims" | "artifacts")[];
            content: components["schemas"]["CaseStudyContent"];
        };
        CaseStudyRevisionItem: {
            /**
             * Format: int32
             * @description Number of a revision, from 1.
             */
            number: number;
            /** @description Who made it; `unknown` if it is older than the record of that. */
            author: string;
            /** Format: date-time */
            createdAt: string;
            /** @description The number of the revision that it brought back. */
            restoredFrom: number | null;
            /** @description The fields in which it differs from the one before. */
            changed: ("title" | "summary" | "body" | "client" | "period" | "tags" | "language" | "claims" | "artifacts")[];
        };
        CaseStudyRevisionItemPage: {
            items: components["schemas"]["CaseStudyRevisionItem"][];
            nextCursor: string | null;
        };
        CaseStudyUpdateBody: {
            title?: string;
            /** @description Plain text. */
            summary?: string;
            /** @description Markdown: CommonMark and GFM. */
            body?: string;
            /** @description For whom the work was done. */
            client?: string | null;
            /** @description Months of the work; without `to` it goes on. */
            period?: {
                from: string;
                to?: string;
            } | null;
            tags?: string[];
            /** @description Language of the text (BCP 47). */
            language?: string;
            claims?: {
                /** @description Names the claim within its study. */
                key: string;
                statement: string;
                /**
                 * @description What was measured, and when.
                 * @default null
                 */
                metric: {
                    /** @description The metric. */
                    key: string;
                    /** Format: date-time */
                    from: string;
                    /**
                     * Format: date-time
                     * @description The first moment that does not belong to it.
                     */
                    to: string;
                    /**
                     * @description When the change took effect: what was before and after it is compared.
                     * @default null
                     */
                    changedAt: string | null;
                } | null;
                /** @default [] */
                evidence: {
                    slug: string;
                    /**
                     * Format: int32
                     * @description Left out, it stays as it was in the same claim, or becomes the latest.
                     */
                    version?: number;
                }[];
            }[];
            /** @description The artifacts that the study presents. */
            artifacts?: string[];
        };
        CitedEvidence: {
            slug: string;
            title: string;
            /** @enum {string} */
            standing: "missing" | "broken" | "stale" | "fresh";
            problem: ("source-vanished" | "bytes-lost" | "bytes-differ") | null;
            sourceUrl: string | null;
            checkedAt: string | null;
            /** @description Whether the latest bytes are others than the author had seen. */
            isChanged: boolean;
            /** @description When it turns stale unless checked; null for never. */
            freshUntil: string | null;
            seen: {
                /** Format: int64 */
                number: number;
                sha256: string;
                /** Format: int64 */
                sizeBytes: number;
                /** @description By its bytes, whatever the sender said. */
                contentType: string;
                fileName: string;
                /** @description The address after redirects; null where it was uploaded. */
                fetchedFrom: string | null;
                /** Format: date-time */
                fetchedAt: string;
            } | null;
            /** Format: int64 */
            latestVersion: number;
            /** @description Where the bytes are that the author had seen. */
            content: string | null;
        };
        Claim: {
            /** @description Names the claim within its study. */
            key: string;
            statement: string;
            /** @description What was measured, and when. */
            metric: {
                /** @description The metric. */
                key: string;
                /** Format: date-time */
                from: string;
                /**
                 * Format: date-time
                 * @description The first moment that does not belong to it.
                 */
                to: string;
                /**
                 * @description When the change took effect: what was before and after it is compared.
                 * @default null
                 */
                changedAt: string | null;
            } | null;
            evidence: {
                slug: string;
                /**
                 * Format: int32
                 * @description The version that the author had seen; 0 if there was none.
                 */
                version: number;
            }[];
        };
        DeletedSamples: {
            /** Format: int64 */
            deleted: number;
        };
        Evidence: {
            id: string;
            portfolio: string;
            slug: string;
            title: string;
            /** @description Plain text. */
            description: string;
            sourceUrl: string | null;
            /** @description How long after it was last seen unchanged it counts as fresh; null for ever. */
            freshForSeconds: number | null;
            /** @enum {string} */
            standing: "missing" | "broken" | "stale" | "fresh";
            problem: ("source-vanished" | "bytes-lost" | "bytes-differ") | null;
            checkedAt: string | null;
            latest: components["schemas"]["EvidenceVersion"] | null;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        EvidenceAddVersionBody: {
            /** @description Of an upload whose file has been sent. */
            uploadId: string;
        };
        EvidenceContent: {
            /** Format: int64 */
            number: number;
            sha256: string;
            /** Format: int64 */
            sizeBytes: number;
            /** @description By its bytes, whatever the sender said. */
            contentType: string;
            fileName: string;
            /** @description The address after redirects; null where it was uploaded. */
            fetchedFrom: string | null;
            /** Format: date-time */
            fetchedAt: string;
            verifiedAt: string | null;
            /** Format: uri */
            url: string;
            /** Format: date-time */
            expiresAt: string;
        };
        EvidenceCreateBody: {
            slug: string;
            title: string;
            /**
             * @description Plain text.
             * @default
             */
            description: string;
            /**
             * @description Where its bytes are fetched from; null where they are uploaded.
             * @default null
             */
            sourceUrl: string | null;
            /**
             * @description How long after it was last seen unchanged it counts as fresh; null for ever.
             * @default null
             */
            freshForSeconds: number | null;
        };
        EvidencePage: {
            items: components["schemas"]["Evidence"][];
            nextCursor: string | null;
        };
        EvidenceSyncBody: {
            /**
             * @description Which of the portfolio’s jobs goes first, “normal” if not given; it changes nothing for others.
             * @enum {string}
             */
            priority?: "high" | "normal" | "low";
        };
        EvidenceUpdateBody: {
            title?: string;
            /** @description Plain text. */
            description?: string;
            /** @description Where its bytes are fetched from; null where they are uploaded. */
            sourceUrl?: string | null;
            /** @description How long after it was last seen unchanged it counts as fresh; null for ever. */
            freshForSeconds?: number | null;
        };
        EvidenceUploadBody: {
            fileName: string & (unknown & unknown);
            contentType: string;
            /** Format: int32 */
            sizeBytes: number;
            sha256: string;
        };
        EvidenceVersion: {
            /** Format: int64 */
            number: number;
            sha256: string;
            /** Format: int64 */
            sizeBytes: number;
            /** @description By its bytes, whatever the sender said. */
            contentType: string;
            fileName: string;
            /** @description The address after redirects; null where it was uploaded. */
            fetchedFrom: string | null;
            /** Format: date-time */
            fetchedAt: string;
            verifiedAt: string | null;
        };
        EvidenceVersionPage: {
            items: components["schemas"]["EvidenceVersion"][];
            nextCursor: string | null;
        };
        Image: {
            /** @description Hexadecimal SHA-256 of the bytes. */
            sha256: string;
            /** @description Path under which the API serves it. */
            url: string;
            /** @enum {string} */
            contentType: "image/png" | "image/jpeg";
            /** Format: int32 */
            sizeBytes: number;
        };
        ImageLink: {
            /** @description Hexadecimal SHA-256 of the bytes. */
            sha256: string;
            /** @description Path under which the API serves it. */
            url: string;
            /** @enum {string} */
            contentType: "image/png" | "image/jpeg";
            /** Format: int32 */
            sizeBytes: number;
            /** Format: uri */
            downloadUrl: string;
        };
        Job: {
            id: string;
            portfolio: string;
            /** @enum {string} */
            kind: "export.pdf" | "evidence.sync" | "metrics.report" | "webhook.deliver";
            title: string;
            /** @enum {string} */
            state: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "dead";
            /** @enum {string} */
            priority: "high" | "normal" | "low";
            /** Format: int64 */
            attempt: number;
            /** Format: int64 */
            maxAttempts: number;
            progress: number;
            step: string | null;
            result: ({
                fileName: string;
                contentType: string;
                /** Format: int64 */
                sizeBytes: number;
                /** @description Hexadecimal SHA-256 of the file. */
                sha256: string;
                /** @description Null where the file has none, as CSV. */
                pages: number | null;
                /** @description Everything recorded by then is in the report; null where its source cannot tell. */
                asOf: string | null;
            } | {
                fileName: string;
                contentType: string;
                /** Format: int64 */
                sizeBytes: number;
                /** @description Hexadecimal SHA-256 of the file. */
                sha256: string;
                /** @description Null where the file has none, as CSV. */
                pages: number | null;
            } | {
                /** Format: int64 */
                version: number;
                changed: boolean;
                sha256: string;
                /** Format: int64 */
                sizeBytes: number;
            } | {
                /** Format: int64 */
                responseStatus: number;
            }) | null;
            error: {
                code: string;
                message: string;
            } | null;
            requestedBy: string;
            /**
             * Format: int64
             * @description Number of the last event.
             */
            lastSeq: number;
            /** @description True while its worker is not heard of, or no worker has taken it for five minutes. */
            stalled: boolean;
            retryAt: string | null;
            cancelRequestedAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            startedAt: string | null;
            finishedAt: string | null;
        };
        JobCancelManyBody: {
            /**
             * @description Jobs of this kind only.
             * @enum {string}
             */
            kind?: "export.pdf" | "evidence.sync" | "metrics.report" | "webhook.deliver";
            /** @description Jobs that this subject asked for only. */
            requestedBy?: string;
            /**
             * Format: date-time
             * @description Jobs created at this time or later only.
             */
            createdAfter?: string;
            /**
             * Format: date-time
             * @description Jobs created before this time only.
             */
            createdBefore?: string;
            /**
             * Format: int32
             * @description How many jobs at most, the oldest first.
             * @default 1000
             */
            limit: number;
            /** @description Jobs in one of these states only. */
            state?: ("queued" | "running")[];
        };
        JobEvent: {
            /** Format: int64 */
            seq: number;
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            type: "queued" | "started" | "progress" | "retrying" | "postponed" | "lost" | "succeeded" | "failed" | "cancelling" | "cancelled" | "dead" | "requeued";
            /** @enum {string} */
            state: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "dead";
            /** Format: int64 */
            attempt: number;
            progress: number;
            step: string | null;
            error: {
                code: string;
                message: string;
            } | null;
        };
        JobPage: {
            items: components["schemas"]["Job"][];
            nextCursor: string | null;
        };
        JobResult: {
            fileName: string;
            contentType: string;
            /** Format: int64 */
            sizeBytes: number;
            /** @description Hexadecimal SHA-256 of the file. */
            sha256: string;
            /** @description Null where the file has none, as CSV. */
            pages: number | null;
            /** Format: uri */
            url: string;
            /** Format: date-time */
            expiresAt: string;
        };
        JobRetryManyBody: {
            /**
             * @description Jobs of this kind only.
             * @enum {string}
             */
            kind?: "export.pdf" | "evidence.sync" | "metrics.report" | "webhook.deliver";
            /** @description Jobs that this subject asked for only. */
            requestedBy?: string;
            /**
             * Format: date-time
             * @description Jobs created at this time or later only.
             */
            createdAfter?: string;
            /**
             * Format: date-time
             * @description Jobs created before this time only.
             */
            createdBefore?: string;
            /**
             * Format: int32
             * @description How many jobs at most, the oldest first.
             * @default 1000
             */
            limit: number;
            /** @description Jobs in one of these states only. */
            state?: ("failed" | "cancelled" | "dead")[];
        };
        JobStreamItem: {
            /** @constant */
            type: "snapshot";
            job: components["schemas"]["Job"];
        } | {
            /** @constant */
            type: "event";
            event: components["schemas"]["JobEvent"];
        };
        JobsChanged: {
            /**
             * Format: int64
             * @description How many jobs were changed.
             */
            changed: number;
            /** @description True where more jobs match: call again. */
            hasMore: boolean;
        };
        Measured: {
            key: string;
            name: string;
            /** @description What its values count, such as "ms", "%" or "deployments a week". */
            unit: string;
            /**
             * @description Which way the values should go.
             * @enum {string}
             */
            betterWhen: "up" | "down";
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            changedAt: string | null;
            before: components["schemas"]["MetricSummary"] | null;
            after: components["schemas"]["MetricSummary"];
            difference: number | null;
            ratio: number | null;
            improved: boolean | null;
        };
        Member: {
            portfolio: string;
            subject: string;
            /** @enum {string} */
            role: "viewer" | "editor" | "owner";
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
        };
        MemberAddBody: {
            subject: string;
            /** @enum {string} */
            role: "viewer" | "editor" | "owner";
        };
        MemberPage: {
            items: components["schemas"]["Member"][];
            nextCursor: string | null;
        };
        MemberUpdateBody: {
            /** @enum {string} */
            role: "viewer" | "editor" | "owner";
        };
        Metric: {
            id: string;
            portfolio: string;
            key: string;
            name: string;
            /** @description What its values count, such as "ms", "%" or "deployments a week". */
            unit: string;
            /**
             * @description Which way the values should go.
             * @enum {string}
             */
            betterWhen: "up" | "down";
            /** @description Plain text: what is measured, where and how. */
            description: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        MetricComparison: {
            portfolio: string;
            metric: string;
            unit: string;
            /**
             * @description Which way the values should go.
             * @enum {string}
             */
            betterWhen: "up" | "down";
            /** @enum {string} */
            aggregate: "avg" | "min" | "max" | "sum" | "last" | "p50" | "p95" | "count";
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            at: string;
            /** Format: date-time */
            to: string;
            /** @description Of the samples from `from` until before `at`. */
            before: components["schemas"]["MetricSummary"];
            /** @description Of the samples from `at` until before `to`. */
            after: components["schemas"]["MetricSummary"];
            /** @description `after` less `before`. */
            difference: number | null;
            /** @description `after` by `before`; null where that is no number. */
            ratio: number | null;
            /** @description Whether it went the way that is better; null where a side has no samples. */
            improved: boolean | null;
        };
        MetricDefineBody: {
            key: string;
            name: string;
            /** @description What its values count, such as "ms", "%" or "deployments a week". */
            unit: string;
            /**
             * @description Which way the values should go.
             * @enum {string}
             */
            betterWhen: "up" | "down";
            /**
             * @description Plain text: what is measured, where and how.
             * @default
             */
            description: string;
        };
        MetricDeleteSamplesBody: {
            /**
             * Format: date-time
             * @description The first moment of the range.
             */
            from: string;
            /**
             * Format: date-time
             * @description The moment at which the range ends; it does not belong to it.
             */
            to: string;
        };
        MetricPage: {
            items: components["schemas"]["Metric"][];
            nextCursor: string | null;
        };
        MetricRecordBody: {
            samples: {
                /**
                 * Format: date-time
                 * @description When it was measured; kept to the millisecond.
                 */
                at: string;
                value: number;
            }[];
        };
        MetricReportBody: {
            /** @description Keys of the metrics, in the order of the report; left out, all of the portfolio. */
            metrics?: string[];
            /**
             * Format: date-time
             * @description The first moment of the range.
             */
            from: string;
            /**
             * Format: date-time
             * @description The moment at which the range ends; it does not belong to it.
             */
            to: string;
            /**
             * @description How long each row or point lasts, by the calendar in UTC; weeks begin on Monday.
             * @enum {string}
             */
            step: "hour" | "day" | "week" | "month";
            /** @enum {string} */
            format: "csv" | "pdf";
            /**
             * @description Which of the portfolio’s jobs goes first, “normal” if not given; it changes nothing for others.
             * @enum {string}
             */
            priority?: "high" | "normal" | "low";
        };
        MetricSeries: {
            portfolio: string;
            metric: string;
            unit: string;
            /** @enum {string} */
            aggregate: "avg" | "min" | "max" | "sum" | "last" | "p50" | "p95" | "count";
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            /** Format: int64 */
            stepSeconds: number;
            /** @description In the order of time. Steps without a sample are left out. */
            points: {
                /**
                 * Format: date-time
                 * @description The begin of its step, in UTC.
                 */
                at: string;
                value: number;
            }[];
        };
        MetricSummary: {
            value: number | null;
            /**
             * Format: int64
             * @description How many samples there are.
             */
            count: number;
        };
        MetricUpdateBody: {
            name?: string;
            /** @description What its values count, such as "ms", "%" or "deployments a week". */
            unit?: string;
            /**
             * @description Which way the values should go.
             * @enum {string}
             */
            betterWhen?: "up" | "down";
            /** @description Plain text: what is measured, where and how. */
            description?: string;
        };
        NewApiKey: {
            id: string;
            /** @description Null for the key of a user. */
            portfolio: string | null;
            name: string;
            /** @description The first characters of the secret. */
            prefix: string;
            scopes: ("portfolio:read" | "case-study:read" | "artifact:read" | "metric:read" | "evidence:read" | "job:read" | "api-key:read" | "webhook:read" | "portfolio:write" | "case-study:write" | "artifact:write" | "metric:write" | "evidence:write" | "job:write" | "api-key:write" | "webhook:write" | "audit:read")[];
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            /** @description To the minute or so. */
            lastUsedAt: string | null;
            revokedAt: string | null;
            /** @description Shown this once; what follows `Bearer` in `Authorization`. */
            secret: string;
        };
        OwnKeyCreateBody: {
            /** @description What it is for. */
            name: string;
            /** @description What it may do; not more than the credential that asks for it. */
            scopes: ("portfolio:read" | "case-study:read" | "artifact:read" | "metric:read" | "evidence:read" | "job:read" | "api-key:read" | "webhook:read" | "portfolio:write" | "case-study:write" | "artifact:write" | "metric:write" | "evidence:write" | "job:write" | "api-key:write" | "webhook:write" | "audit:read")[];
            /** @description When it ends; null for never. */
            expiresAt: string | null;
        };
        Portfolio: {
            id: string;
            slug: string;
            name: string;
            tagline: string;
            /** @description Markdown. */
            description: string;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        PortfolioCreateBody: {
            /** @description Its name in URLs; unique on the platform. */
            slug: string;
            name: string;
            /** @default  */
            tagline: string;
            /**
             * @description Markdown.
             * @default
             */
            description: string;
        };
        PortfolioExportBody: {
            /**
             * @description Which of the portfolio’s jobs goes first, “normal” if not given; it changes nothing for others.
             * @enum {string}
             */
            priority?: "high" | "normal" | "low";
        };
        PortfolioPage: {
            items: components["schemas"]["Portfolio"][];
            nextCursor: string | null;
        };
        PortfolioSummary: {
            portfolio: string;
            name: string;
            tagline: string;
            /** @description Of published studies, and of what they show. */
            counts: {
                /** Format: int64 */
                caseStudies: number;
                /** Format: int64 */
                artifacts: number;
                /** Format: int64 */
                metrics: number;
                /** Format: int64 */
                evidence: number;
                /** Format: int64 */
                claims: number;
            };
            standings: components["schemas"]["Standings"];
            /** @description The studies that were published last. */
            newest: components["schemas"]["CaseStudyItem"][];
            /** @description Claims of the newest studies about what changed, with what was measured. */
            headlines: {
                caseStudy: string;
                claim: string;
                statement: string;
                /** @enum {string} */
                standing: "backed" | "stale" | "broken" | "unbacked";
                metric: components["schemas"]["Measured"];
            }[];
        };
        PortfolioUpdateBody: {
            name?: string;
            tagline?: string;
            /** @description Markdown. */
            description?: string;
        };
        Problem: {
            /** @description Where the kind of problem is explained. */
            type: string;
            title: string;
            /** Format: int32 */
            status: number;
            /** @description What was wrong this time, and what would be right. */
            detail: string;
            /** @enum {string} */
            code: "malformed_request" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "not_acceptable" | "conflict" | "idempotency_key_in_use" | "precondition_failed" | "payload_too_large" | "unsupported_media_type" | "invalid_input" | "idempotency_key_reused" | "precondition_required" | "too_many_requests" | "internal" | "unavailable";
            errors?: {
                /** @description JSON pointer into the input. */
                pointer: string;
                detail: string;
            }[];
        };
        ProvenClaim: {
            key: string;
            statement: string;
            /** @enum {string} */
            standing: "backed" | "stale" | "broken" | "unbacked";
            evidence: components["schemas"]["CitedEvidence"][];
            metric: components["schemas"]["Measured"] | null;
        };
        Provenance: {
            portfolio: string;
            slug: string;
            title: string;
            /** @enum {string} */
            status: "draft" | "published" | "archived";
            /** Format: int64 */
            studyVersion: number;
            standings: components["schemas"]["Standings"];
            claims: components["schemas"]["ProvenClaim"][];
        };
        RecordedSamples: {
            /**
             * Format: int64
             * @description Samples at times that had none.
             */
            created: number;
            /**
             * Format: int64
             * @description Samples whose time had another value before.
             */
            replaced: number;
            /**
             * Format: int64
             * @description Samples that were there already, with the same value.
             */
            unchanged: number;
        };
        Standings: {
            /** Format: int64 */
            backed: number;
            /** Format: int64 */
            stale: number;
            /** Format: int64 */
            broken: number;
            /** Format: int64 */
            unbacked: number;
        };
        Upload: {
            id: string;
            /** Format: uri */
            url: string;
            fields: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description Until when the form can be sent.
             */
            expiresAt: string;
        };
        Webhook: {
            id: string;
            portfolio: string;
            url: string;
            events: ("case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled")[];
            description: string;
            enabled: boolean;
            disabledReason: ("by-hand" | "gone" | "failing") | null;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        WebhookCreateBody: {
            /**
             * Format: uri
             * @description Where messages are sent by POST; https only.
             */
            url: string;
            /** @description What it is told of. */
            events: ("case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled")[];
            /** @default  */
            description: string;
        };
        WebhookDelivery: {
            id: string;
            portfolio: string;
            webhook: string;
            /** @description `webhook-id`: the same for each try and each redelivery. */
            messageId: string;
            /** @enum {string} */
            event: "case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled" | "ping";
            /** @enum {string} */
            state: "pending" | "delivered" | "failed";
            /** @description The job that sends it. */
            job: string | null;
            /** Format: int64 */
            attempts: number;
            /** @description HTTP status of the last answer. */
            responseStatus: number | null;
            /** @description Why the last try did not succeed. */
            error: string | null;
            /** Format: date-time */
            createdAt: string;
            deliveredAt: string | null;
        };
        WebhookDeliveryPage: {
            items: components["schemas"]["WebhookDelivery"][];
            nextCursor: string | null;
        };
        WebhookDeliveryWithPayload: {
            id: string;
            portfolio: string;
            webhook: string;
            /** @description `webhook-id`: the same for each try and each redelivery. */
            messageId: string;
            /** @enum {string} */
            event: "case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled" | "ping";
            /** @enum {string} */
            state: "pending" | "delivered" | "failed";
            /** @description The job that sends it. */
            job: string | null;
            /** Format: int64 */
            attempts: number;
            /** @description HTTP status of the last answer. */
            responseStatus: number | null;
            /** @description Why the last try did not succeed. */
            error: string | null;
            /** Format: date-time */
            createdAt: string;
            deliveredAt: string | null;
            payload: {
                /** @enum {string} */
                type: "case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled" | "ping";
                /**
                 * Format: date-time
                 * @description When it happened.
                 */
                timestamp: string;
                data: {
                    [key: string]: unknown;
                };
            };
        };
        WebhookPage: {
            items: components["schemas"]["Webhook"][];
            nextCursor: string | null;
        };
        WebhookUpdateBody: {
            /**
             * Format: uri
             * @description Where messages are sent by POST; https only.
             */
            url?: string;
            /** @description What it is told of. */
            events?: ("case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled")[];
            description?: string;
            enabled?: boolean;
        };
        WebhookWithSecret: {
            id: string;
            portfolio: string;
            url: string;
            events: ("case-study.published" | "case-study.unpublished" | "claim.backed" | "claim.stale" | "claim.broken" | "evidence.changed" | "evidence.vanished" | "job.succeeded" | "job.failed" | "job.cancelled")[];
            description: string;
            enabled: boolean;
            disabledReason: ("by-hand" | "gone" | "failing") | null;
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** @description Shown this once: `whsec_` and the base64 of the key of HMAC-SHA256. */
            secret: string;
        };
    };
    responses: {
        /** @description The request could not be read (`malformed_request`). */
        BadRequest: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Authentication is required (`unauthenticated`). */
        Unauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWW-Authenticate"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The actor may not do this (`forbidden`). */
        Forbidden: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nothing was found here (`not_found`). */
        NotFound: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No representation is acceptable to the client (`not_acceptable`). */
        NotAcceptable: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request conflicts with the present state (`conflict`). A request with this idempotency key is being worked on (`idempotency_key_in_use`). */
        Conflict: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The thing was changed by somebody else (`precondition_failed`). */
        PreconditionFailed: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request body is too large (`payload_too_large`). */
        PayloadTooLarge: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The content type is not supported (`unsupported_media_type`). */
        UnsupportedMediaType: {
            headers: {
                Accept: components["headers"]["Accept"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The input is not valid (`invalid_input`). The idempotency key was used for another request (`idempotency_key_reused`). */
        UnprocessableEntity: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The version to be changed must be named (`precondition_required`). */
        PreconditionRequired: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests (`too_many_requests`). */
        TooManyRequests: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Something failed on our side (`internal`). */
        InternalServerError: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The service is not available at present (`unavailable`). */
        ServiceUnavailable: {
            headers: {
                "Retry-After": components["headers"]["Retry-After"];
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
         * @example "42"
         */
        IfMatch: string;
        /**
         * @description The ETag of what the client has: the answer is 304 where that is still so.
         * @example "42"
         */
        IfNoneMatch: string;
        /**
         * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
         * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
         */
        IdempotencyKey: string;
        /**
         * @description The `id` of the last event that was received: the stream goes on after it. Browsers send it by themselves.
         * @example 7
         */
        LastEventId: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description The version that was sent or made (RFC 9110, 8.8.3): for `If-Match` and `If-None-Match`.
         * @example "42"
         */
        ETag: string;
        /**
         * @description Where the thing is: the new one, the job to follow, or the file, whose link works for a few minutes.
         * @example /api/v1/jobs/job_01jd3v8x2kf4wr6tq9m5c7h1ab
         */
        Location: string;
        /**
         * @description The first page and the next one, if there is any (RFC 8288).
         * @example </api/v1/jobs?limit=1>; rel="first", </api/v1/jobs?limit=1&cursor=job_01jd3v8x2kf4wr6tq9m5c7h1ab>; rel="next"
         */
        Link: string;
        /**
         * @description Whether it may be kept; what is kept is to be asked for again with `If-None-Match`.
         * @example public, no-cache
         */
        "Cache-Control": string;
        /**
         * @description The headers of the request that the answer depends on.
         * @example accept, authorization
         */
        Vary: string;
        /**
         * @description For strangers: where the answer came from (RFC 9211). `detail=database-away` says that there may be a newer one.
         * @example portfolio-api; hit
         */
        "Cache-Status": string;
        /**
         * @description When to ask again, in seconds.
         * @example 1
         */
        "Retry-After": number;
        /**
         * @description How many operations are left (`r`) until all are there again (`t` seconds); draft-ietf-httpapi-ratelimit-headers.
         * @example "credential";r=590;t=42
         */
        RateLimit: string;
        /**
         * @description How many operations (`q`) are done for a credential or an address in a window of `w` seconds.
         * @example "credential";q=600;w=60
         */
        "RateLimit-Policy": string;
        /**
         * @description How to authenticate (RFC 6750).
         * @example Bearer
         */
        "WWW-Authenticate": string;
        /**
         * @description The content types that are accepted here.
         * @example application/json
         */
        Accept: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    portfolio_list: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "pf_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "slug": "platform-team",
                     *           "name": "Platform team",
                     *           "tagline": "Infrastructure that explains itself.",
                     *           "description": "We build and run the platform.",
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PortfolioPage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    portfolio_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "slug": "platform-team",
                 *       "name": "Platform team",
                 *       "tagline": "Infrastructure that explains itself.",
                 *       "description": "We build and run the platform."
                 *     }
                 */
                "application/json": components["schemas"]["PortfolioCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "pf_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "slug": "platform-team",
                     *       "name": "Platform team",
                     *       "tagline": "Infrastructure that explains itself.",
                     *       "description": "We build and run the platform.",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Portfolio"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    portfolio_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "pf_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "slug": "platform-team",
                     *       "name": "Platform team",
                     *       "tagline": "Infrastructure that explains itself.",
                     *       "description": "We build and run the platform.",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Portfolio"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    portfolio_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "Platform team",
                 *       "tagline": "Infrastructure that explains itself.",
                 *       "description": "We build and run the platform."
                 *     }
                 */
                "application/json": components["schemas"]["PortfolioUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "pf_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "slug": "platform-team",
                     *       "name": "Platform team",
                     *       "tagline": "Infrastructure that explains itself.",
                     *       "description": "We build and run the platform.",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Portfolio"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    portfolio_summary: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "name": "Platform team",
                     *       "tagline": "Infrastructure that explains itself.",
                     *       "counts": {
                     *         "caseStudies": 1,
                     *         "artifacts": 1,
                     *         "metrics": 1,
                     *         "evidence": 1,
                     *         "claims": 1
                     *       },
                     *       "standings": {
                     *         "backed": 1,
                     *         "stale": 1,
                     *         "broken": 1,
                     *         "unbacked": 1
                     *       },
                     *       "newest": [
                     *         {
                     *           "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "slug": "outbox-and-leases",
                     *           "title": "An outbox, leases and no lost job",
                     *           "summary": "How accepted work survives crashes of everything but the database.",
                     *           "client": "Payments",
                     *           "period": {
                     *             "from": "2026-01",
                     *             "to": "2026-06"
                     *           },
                     *           "tags": [
                     *             "reliability",
                     *             "queues"
                     *           ],
                     *           "language": "en",
                     *           "status": "published",
                     *           "revision": 1,
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z",
                     *           "publishedAt": "2026-11-22T09:30:00.000Z",
                     *           "claimCount": 1
                     *         }
                     *       ],
                     *       "headlines": [
                     *         {
                     *           "caseStudy": "outbox-and-leases",
                     *           "claim": "no-lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "standing": "backed",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "name": "Platform team",
                     *             "unit": "jobs a month",
                     *             "betterWhen": "down",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z",
                     *             "before": {
                     *               "value": 1,
                     *               "count": 1
                     *             },
                     *             "after": {
                     *               "value": 1,
                     *               "count": 1
                     *             },
                     *             "difference": 1,
                     *             "ratio": 1,
                     *             "improved": true
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PortfolioSummary"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    portfolio_export: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "priority": "high"
                 *     }
                 */
                "application/json": components["schemas"]["PortfolioExportBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Retry-After": components["headers"]["Retry-After"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    member_list: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "portfolio": "platform-team",
                     *           "subject": "maria",
                     *           "role": "editor",
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["MemberPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    member_add: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "subject": "maria",
                 *       "role": "editor"
                 *     }
                 */
                "application/json": components["schemas"]["MemberAddBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "subject": "maria",
                     *       "role": "editor",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Member"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    member_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Subject of the member.
                 * @example maria
                 */
                subject: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "subject": "maria",
                     *       "role": "editor",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Member"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    member_remove: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Subject of the member.
                 * @example maria
                 */
                subject: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    member_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Subject of the member.
                 * @example maria
                 */
                subject: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "editor"
                 *     }
                 */
                "application/json": components["schemas"]["MemberUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "subject": "maria",
                     *       "role": "editor",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Member"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    apiKey_list: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "key_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "name": "Nightly import",
                     *           "prefix": "pk_4f2a",
                     *           "scopes": [
                     *             "portfolio:read"
                     *           ],
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "expiresAt": "2099-12-31T00:00:00.000Z",
                     *           "lastUsedAt": "2026-11-22T09:00:00.000Z",
                     *           "revokedAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    apiKey_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Nightly import",
                 *       "scopes": [
                 *         "portfolio:read"
                 *       ],
                 *       "expiresAt": "2099-12-31T00:00:00.000Z"
                 *     }
                 */
                "application/json": components["schemas"]["ApiKeyCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "key_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "name": "Platform team",
                     *       "prefix": "pk_4f2a",
                     *       "scopes": [
                     *         "portfolio:read"
                     *       ],
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "expiresAt": "2026-11-22T09:35:00.000Z",
                     *       "lastUsedAt": "2026-11-22T09:00:00.000Z",
                     *       "revokedAt": "2026-11-22T09:00:00.000Z",
                     *       "secret": "shown-only-this-once"
                     *     }
                     */
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    apiKey_revoke: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the api key.
                 * @example key_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    ownKey_list: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "key_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "name": "Nightly import",
                     *           "prefix": "pk_4f2a",
                     *           "scopes": [
                     *             "portfolio:read"
                     *           ],
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "expiresAt": "2099-12-31T00:00:00.000Z",
                     *           "lastUsedAt": "2026-11-22T09:00:00.000Z",
                     *           "revokedAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ApiKeyPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    ownKey_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Nightly import",
                 *       "scopes": [
                 *         "portfolio:read"
                 *       ],
                 *       "expiresAt": "2099-12-31T00:00:00.000Z"
                 *     }
                 */
                "application/json": components["schemas"]["OwnKeyCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "key_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "name": "Platform team",
                     *       "prefix": "pk_4f2a",
                     *       "scopes": [
                     *         "portfolio:read"
                     *       ],
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "expiresAt": "2026-11-22T09:35:00.000Z",
                     *       "lastUsedAt": "2026-11-22T09:00:00.000Z",
                     *       "revokedAt": "2026-11-22T09:00:00.000Z",
                     *       "secret": "shown-only-this-once"
                     *     }
                     */
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    ownKey_revoke: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the own key.
                 * @example key_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_list: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "url": "https://hooks.example.com/portfolio",
                     *           "events": [
                     *             "case-study.published"
                     *           ],
                     *           "description": "Tells the chat of publications.",
                     *           "enabled": true,
                     *           "disabledReason": "by-hand",
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "url": "https://hooks.example.com/portfolio",
                 *       "events": [
                 *         "case-study.published"
                 *       ],
                 *       "description": "Tells the chat of publications."
                 *     }
                 */
                "application/json": components["schemas"]["WebhookCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "url": "https://hooks.example.com/portfolio",
                     *       "events": [
                     *         "case-study.published"
                     *       ],
                     *       "description": "Tells the chat of publications.",
                     *       "enabled": true,
                     *       "disabledReason": "by-hand",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "secret": "shown-only-this-once"
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "url": "https://hooks.example.com/portfolio",
                     *       "events": [
                     *         "case-study.published"
                     *       ],
                     *       "description": "Tells the chat of publications.",
                     *       "enabled": true,
                     *       "disabledReason": "by-hand",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_delete: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "url": "https://hooks.example.com/portfolio",
                 *       "events": [
                 *         "case-study.published"
                 *       ],
                 *       "description": "Tells the chat of publications.",
                 *       "enabled": true
                 *     }
                 */
                "application/json": components["schemas"]["WebhookUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "url": "https://hooks.example.com/portfolio",
                     *       "events": [
                     *         "case-study.published"
                     *       ],
                     *       "description": "Tells the chat of publications.",
                     *       "enabled": true,
                     *       "disabledReason": "by-hand",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_rotateSecret: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "url": "https://hooks.example.com/portfolio",
                     *       "events": [
                     *         "case-study.published"
                     *       ],
                     *       "description": "Tells the chat of publications.",
                     *       "enabled": true,
                     *       "disabledReason": "by-hand",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "secret": "shown-only-this-once"
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_test: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "dlv_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "webhook": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "messageId": "msg_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "event": "case-study.published",
                     *       "state": "pending",
                     *       "job": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "attempts": 1,
                     *       "responseStatus": 1,
                     *       "error": null,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "deliveredAt": "2026-11-22T09:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_deliveries: {
        parameters: {
            query?: {
                /** @description Deliveries in this state only. */
                state?: "pending" | "delivered" | "failed";
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "dlv_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "webhook": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "messageId": "msg_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "event": "case-study.published",
                     *           "state": "pending",
                     *           "job": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "attempts": 1,
                     *           "responseStatus": 1,
                     *           "error": null,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "deliveredAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDeliveryPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_delivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
                /**
                 * @description Delivery of the webhook.
                 * @example dlv_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "dlv_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "webhook": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "messageId": "msg_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "event": "case-study.published",
                     *       "state": "pending",
                     *       "job": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "attempts": 1,
                     *       "responseStatus": 1,
                     *       "error": null,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "deliveredAt": "2026-11-22T09:00:00.000Z",
                     *       "payload": {
                     *         "type": "case-study.published",
                     *         "timestamp": "2026-11-22T09:00:00.000Z",
                     *         "data": {}
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDeliveryWithPayload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    webhook_redeliver: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Id of the webhook.
                 * @example wh_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
                /**
                 * @description Delivery of the webhook.
                 * @example dlv_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "dlv_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "webhook": "wh_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "messageId": "msg_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "event": "case-study.published",
                     *       "state": "pending",
                     *       "job": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "attempts": 1,
                     *       "responseStatus": 1,
                     *       "error": null,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "deliveredAt": "2026-11-22T09:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    audit_list: {
        parameters: {
            query?: {
                /** @description Changes by this actor only. */
                actor?: string;
                /** @description Changes by this operation only, such as `caseStudy.publish`. */
                action?: string;
                /** @description Changes from this time on. */
                from?: string;
                /** @description Changes before this time. */
                to?: string;
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "aud_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "at": "2026-11-22T09:00:02.000Z",
                     *           "actor": "maria",
                     *           "action": "caseStudy.publish",
                     *           "target": "outbox-and-leases",
                     *           "fields": [
                     *             "an-example"
                     *           ]
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["AuditEntryPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_list: {
        parameters: {
            query?: {
                /** @description Those with this tag; with all of them, if repeated. */
                tag?: string[];
                /** @description Those in this status; left out, all but the archived. Who is no member gets the published ones, whatever is asked for. */
                status?: "draft" | "published" | "archived";
                /** @description Those with these words; `"a phrase"`, `or` and `-without` work as in search engines. */
                q?: string;
                /** @description The order: `-` for the newest first; `relevance` needs `q`. What is not published comes last. */
                sort?: "-createdAt" | "createdAt" | "-publishedAt" | "title" | "relevance";
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page of the same list, in the same order. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "slug": "outbox-and-leases",
                     *           "title": "An outbox, leases and no lost job",
                     *           "summary": "How accepted work survives crashes of everything but the database.",
                     *           "client": "Payments",
                     *           "period": {
                     *             "from": "2026-01",
                     *             "to": "2026-06"
                     *           },
                     *           "tags": [
                     *             "reliability",
                     *             "queues"
                     *           ],
                     *           "language": "en",
                     *           "status": "published",
                     *           "revision": 1,
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z",
                     *           "publishedAt": "2026-11-22T09:30:00.000Z",
                     *           "claimCount": 1
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudyItemPage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "slug": "outbox-and-leases",
                 *       "title": "An outbox, leases and no lost job",
                 *       "summary": "How accepted work survives crashes of everything but the database.",
                 *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                 *       "client": "Payments",
                 *       "period": {
                 *         "from": "2026-01",
                 *         "to": "2026-06"
                 *       },
                 *       "tags": [
                 *         "reliability",
                 *         "queues"
                 *       ],
                 *       "language": "en",
                 *       "claims": [
                 *         {
                 *           "key": "lost-jobs",
                 *           "statement": "No accepted job was lost since the outbox.",
                 *           "metric": {
                 *             "key": "lost-jobs",
                 *             "from": "2026-01-01T00:00:00.000Z",
                 *             "to": "2026-07-01T00:00:00.000Z",
                 *             "changedAt": "2026-04-01T00:00:00.000Z"
                 *           },
                 *           "evidence": [
                 *             {
                 *               "slug": "outbox-and-leases",
                 *               "version": 42
                 *             }
                 *           ]
                 *         }
                 *       ],
                 *       "artifacts": [
                 *         "queue-module"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CaseStudyCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_pdf: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Retry-After": components["headers"]["Retry-After"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "file": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "url": "https://files.example.com/outbox-and-leases",
                     *         "expiresAt": "2026-11-22T09:35:00.000Z"
                     *       },
                     *       "job": {
                     *         "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *         "portfolio": "platform-team",
                     *         "kind": "export.pdf",
                     *         "title": "An outbox, leases and no lost job",
                     *         "state": "succeeded",
                     *         "priority": "high",
                     *         "attempt": 1,
                     *         "maxAttempts": 5,
                     *         "progress": 1,
                     *         "step": "Storing the file",
                     *         "result": {
                     *           "fileName": "outbox-and-leases.pdf",
                     *           "contentType": "application/pdf",
                     *           "sizeBytes": 48213,
                     *           "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *           "pages": 12,
                     *           "asOf": "2026-11-22T09:00:00.000Z"
                     *         },
                     *         "error": null,
                     *         "requestedBy": "maria",
                     *         "lastSeq": 7,
                     *         "stalled": true,
                     *         "retryAt": null,
                     *         "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *         "createdAt": "2026-11-22T09:00:00.000Z",
                     *         "updatedAt": "2026-11-22T09:00:04.000Z",
                     *         "startedAt": "2026-11-22T09:00:01.000Z",
                     *         "finishedAt": "2026-11-22T09:00:04.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudyPdf"];
                };
            };
            /** @description Found */
            302: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "file": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "url": "https://files.example.com/outbox-and-leases",
                     *         "expiresAt": "2026-11-22T09:35:00.000Z"
                     *       },
                     *       "job": {
                     *         "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *         "portfolio": "platform-team",
                     *         "kind": "export.pdf",
                     *         "title": "An outbox, leases and no lost job",
                     *         "state": "succeeded",
                     *         "priority": "high",
                     *         "attempt": 1,
                     *         "maxAttempts": 5,
                     *         "progress": 1,
                     *         "step": "Storing the file",
                     *         "result": {
                     *           "fileName": "outbox-and-leases.pdf",
                     *           "contentType": "application/pdf",
                     *           "sizeBytes": 48213,
                     *           "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *           "pages": 12,
                     *           "asOf": "2026-11-22T09:00:00.000Z"
                     *         },
                     *         "error": null,
                     *         "requestedBy": "maria",
                     *         "lastSeq": 7,
                     *         "stalled": true,
                     *         "retryAt": null,
                     *         "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *         "createdAt": "2026-11-22T09:00:00.000Z",
                     *         "updatedAt": "2026-11-22T09:00:04.000Z",
                     *         "startedAt": "2026-11-22T09:00:01.000Z",
                     *         "finishedAt": "2026-11-22T09:00:04.000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudyPdf"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                    "text/markdown": unknown;
                    "application/pdf": unknown;
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_delete: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "title": "An outbox, leases and no lost job",
                 *       "summary": "How accepted work survives crashes of everything but the database.",
                 *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                 *       "client": "Payments",
                 *       "period": {
                 *         "from": "2026-01",
                 *         "to": "2026-06"
                 *       },
                 *       "tags": [
                 *         "reliability",
                 *         "queues"
                 *       ],
                 *       "language": "en",
                 *       "claims": [
                 *         {
                 *           "key": "lost-jobs",
                 *           "statement": "No accepted job was lost since the outbox.",
                 *           "metric": {
                 *             "key": "lost-jobs",
                 *             "from": "2026-01-01T00:00:00.000Z",
                 *             "to": "2026-07-01T00:00:00.000Z",
                 *             "changedAt": "2026-04-01T00:00:00.000Z"
                 *           },
                 *           "evidence": [
                 *             {
                 *               "slug": "outbox-and-leases",
                 *               "version": 42
                 *             }
                 *           ]
                 *         }
                 *       ],
                 *       "artifacts": [
                 *         "queue-module"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["CaseStudyUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_provenance: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "status": "published",
                     *       "studyVersion": 1,
                     *       "standings": {
                     *         "backed": 1,
                     *         "stale": 1,
                     *         "broken": 1,
                     *         "unbacked": 1
                     *       },
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "standing": "backed",
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "title": "An outbox, leases and no lost job",
                     *               "standing": "fresh",
                     *               "problem": null,
                     *               "sourceUrl": "https://dashboards.example.com/queue",
                     *               "checkedAt": "2026-11-22T09:00:00.000Z",
                     *               "isChanged": true,
                     *               "freshUntil": "2026-11-22T09:00:00.000Z",
                     *               "seen": {
                     *                 "number": 3,
                     *                 "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *                 "sizeBytes": 48213,
                     *                 "contentType": "application/pdf",
                     *                 "fileName": "outbox-and-leases.pdf",
                     *                 "fetchedFrom": "https://dashboards.example.com/queue",
                     *                 "fetchedAt": "2026-11-22T09:00:00.000Z"
                     *               },
                     *               "latestVersion": 1,
                     *               "content": "an-example"
                     *             }
                     *           ],
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "name": "Platform team",
                     *             "unit": "jobs a month",
                     *             "betterWhen": "down",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z",
                     *             "before": {
                     *               "value": 1,
                     *               "count": 1
                     *             },
                     *             "after": {
                     *               "value": 1,
                     *               "count": 1
                     *             },
                     *             "difference": 1,
                     *             "ratio": 1,
                     *             "improved": true
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Provenance"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_publish: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_unpublish: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_archive: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_revisions: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page of the same list, in the same order. */
                cursor?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "number": 3,
                     *           "author": "maria",
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "restoredFrom": null,
                     *           "changed": [
                     *             "title"
                     *           ]
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudyRevisionItemPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_diff: {
        parameters: {
            query: {
                /**
                 * @description Number of the revision to compare.
                 * @example 2
                 */
                from: number;
                /**
                 * @description Number of the revision to compare it with.
                 * @example 3
                 */
                to: number;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "from": 2,
                     *       "to": 3,
                     *       "changed": [
                     *         "title"
                     *       ],
                     *       "before": {
                     *         "title": "An outbox, leases and no lost job",
                     *         "summary": "How accepted work survives crashes of everything but the database.",
                     *         "client": "Payments",
                     *         "period": {
                     *           "from": "2026-01",
                     *           "to": "2026-06"
                     *         },
                     *         "tags": [
                     *           "reliability",
                     *           "queues"
                     *         ],
                     *         "language": "en",
                     *         "claims": [
                     *           {
                     *             "key": "lost-jobs",
                     *             "statement": "No accepted job was lost since the outbox.",
                     *             "metric": {
                     *               "key": "lost-jobs",
                     *               "from": "2026-01-01T00:00:00.000Z",
                     *               "to": "2026-07-01T00:00:00.000Z",
                     *               "changedAt": "2026-04-01T00:00:00.000Z"
                     *             },
                     *             "evidence": [
                     *               {
                     *                 "slug": "outbox-and-leases",
                     *                 "version": 42
                     *               }
                     *             ]
                     *           }
                     *         ],
                     *         "artifacts": [
                     *           "queue-module"
                     *         ]
                     *       },
                     *       "after": {
                     *         "title": "An outbox, leases and no lost job",
                     *         "summary": "How accepted work survives crashes of everything but the database.",
                     *         "client": "Payments",
                     *         "period": {
                     *           "from": "2026-01",
                     *           "to": "2026-06"
                     *         },
                     *         "tags": [
                     *           "reliability",
                     *           "queues"
                     *         ],
                     *         "language": "en",
                     *         "claims": [
                     *           {
                     *             "key": "lost-jobs",
                     *             "statement": "No accepted job was lost since the outbox.",
                     *             "metric": {
                     *               "key": "lost-jobs",
                     *               "from": "2026-01-01T00:00:00.000Z",
                     *               "to": "2026-07-01T00:00:00.000Z",
                     *               "changedAt": "2026-04-01T00:00:00.000Z"
                     *             },
                     *             "evidence": [
                     *               {
                     *                 "slug": "outbox-and-leases",
                     *                 "version": 42
                     *               }
                     *             ]
                     *           }
                     *         ],
                     *         "artifacts": [
                     *           "queue-module"
                     *         ]
                     *       },
                     *       "patches": {
                     *         "summary": "How accepted work survives crashes of everything but the database.",
                     *         "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudyDiff"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_revision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
                /**
                 * @description Number of a revision, from 1.
                 * @example 3
                 */
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "number": 3,
                     *       "author": "maria",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "restoredFrom": null,
                     *       "changed": [
                     *         "title"
                     *       ],
                     *       "content": {
                     *         "title": "An outbox, leases and no lost job",
                     *         "summary": "How accepted work survives crashes of everything but the database.",
                     *         "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *         "client": "Payments",
                     *         "period": {
                     *           "from": "2026-01",
                     *           "to": "2026-06"
                     *         },
                     *         "tags": [
                     *           "reliability",
                     *           "queues"
                     *         ],
                     *         "language": "en",
                     *         "claims": [
                     *           {
                     *             "key": "lost-jobs",
                     *             "statement": "No accepted job was lost since the outbox.",
                     *             "metric": {
                     *               "key": "lost-jobs",
                     *               "from": "2026-01-01T00:00:00.000Z",
                     *               "to": "2026-07-01T00:00:00.000Z",
                     *               "changedAt": "2026-04-01T00:00:00.000Z"
                     *             },
                     *             "evidence": [
                     *               {
                     *                 "slug": "outbox-and-leases",
                     *                 "version": 42
                     *               }
                     *             ]
                     *           }
                     *         ],
                     *         "artifacts": [
                     *           "queue-module"
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudyRevision"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_restore: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
                /**
                 * @description Number of a revision, from 1.
                 * @example 3
                 */
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cs_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "outbox-and-leases",
                     *       "title": "An outbox, leases and no lost job",
                     *       "summary": "How accepted work survives crashes of everything but the database.",
                     *       "body": "## Problem\n\nOne job in 2,000 was lost when a worker died.\n",
                     *       "client": "Payments",
                     *       "period": {
                     *         "from": "2026-01",
                     *         "to": "2026-06"
                     *       },
                     *       "tags": [
                     *         "reliability",
                     *         "queues"
                     *       ],
                     *       "language": "en",
                     *       "claims": [
                     *         {
                     *           "key": "lost-jobs",
                     *           "statement": "No accepted job was lost since the outbox.",
                     *           "metric": {
                     *             "key": "lost-jobs",
                     *             "from": "2026-01-01T00:00:00.000Z",
                     *             "to": "2026-07-01T00:00:00.000Z",
                     *             "changedAt": "2026-04-01T00:00:00.000Z"
                     *           },
                     *           "evidence": [
                     *             {
                     *               "slug": "outbox-and-leases",
                     *               "version": 42
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "artifacts": [
                     *         "queue-module"
                     *       ],
                     *       "status": "published",
                     *       "revision": 1,
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    caseStudy_export: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the case study.
                 * @example outbox-and-leases
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "priority": "high"
                 *     }
                 */
                "application/json": components["schemas"]["CaseStudyExportBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Retry-After": components["headers"]["Retry-After"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_upload: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileName": "outbox-and-leases.pdf",
                 *       "contentType": "application/pdf",
                 *       "sizeBytes": 48213,
                 *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                 *     }
                 */
                "application/json": components["schemas"]["EvidenceUploadBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "up_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "url": "https://files.example.com/outbox-and-leases",
                     *       "fields": {},
                     *       "expiresAt": "2026-11-22T09:35:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_list: {
        parameters: {
            query?: {
                /** @description Evidence of this standing only. */
                standing?: "missing" | "broken" | "stale" | "fresh";
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "ev_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "slug": "queue-dashboard",
                     *           "title": "The dashboard of the queue in June",
                     *           "description": "Exported on the first of July.",
                     *           "sourceUrl": "https://dashboards.example.com/queue",
                     *           "freshForSeconds": 2592000,
                     *           "standing": "fresh",
                     *           "problem": null,
                     *           "checkedAt": "2026-11-22T09:00:00.000Z",
                     *           "latest": {
                     *             "number": 3,
                     *             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *             "sizeBytes": 48213,
                     *             "contentType": "application/pdf",
                     *             "fileName": "outbox-and-leases.pdf",
                     *             "fetchedFrom": "https://dashboards.example.com/queue",
                     *             "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *             "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *           },
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["EvidencePage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "slug": "queue-dashboard",
                 *       "title": "The dashboard of the queue in June",
                 *       "description": "Exported on the first of July.",
                 *       "sourceUrl": "https://dashboards.example.com/queue",
                 *       "freshForSeconds": 2592000
                 *     }
                 */
                "application/json": components["schemas"]["EvidenceCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ev_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-dashboard",
                     *       "title": "The dashboard of the queue in June",
                     *       "description": "Exported on the first of July.",
                     *       "sourceUrl": "https://dashboards.example.com/queue",
                     *       "freshForSeconds": 2592000,
                     *       "standing": "fresh",
                     *       "problem": null,
                     *       "checkedAt": "2026-11-22T09:00:00.000Z",
                     *       "latest": {
                     *         "number": 3,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "sizeBytes": 48213,
                     *         "contentType": "application/pdf",
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "fetchedFrom": "https://dashboards.example.com/queue",
                     *         "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *         "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Evidence"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ev_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-dashboard",
                     *       "title": "The dashboard of the queue in June",
                     *       "description": "Exported on the first of July.",
                     *       "sourceUrl": "https://dashboards.example.com/queue",
                     *       "freshForSeconds": 2592000,
                     *       "standing": "fresh",
                     *       "problem": null,
                     *       "checkedAt": "2026-11-22T09:00:00.000Z",
                     *       "latest": {
                     *         "number": 3,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "sizeBytes": 48213,
                     *         "contentType": "application/pdf",
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "fetchedFrom": "https://dashboards.example.com/queue",
                     *         "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *         "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Evidence"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_delete: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "title": "The dashboard of the queue in June",
                 *       "description": "Exported on the first of July.",
                 *       "sourceUrl": "https://dashboards.example.com/queue",
                 *       "freshForSeconds": 2592000
                 *     }
                 */
                "application/json": components["schemas"]["EvidenceUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ev_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-dashboard",
                     *       "title": "The dashboard of the queue in June",
                     *       "description": "Exported on the first of July.",
                     *       "sourceUrl": "https://dashboards.example.com/queue",
                     *       "freshForSeconds": 2592000,
                     *       "standing": "fresh",
                     *       "problem": null,
                     *       "checkedAt": "2026-11-22T09:00:00.000Z",
                     *       "latest": {
                     *         "number": 3,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "sizeBytes": 48213,
                     *         "contentType": "application/pdf",
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "fetchedFrom": "https://dashboards.example.com/queue",
                     *         "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *         "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Evidence"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_versions: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "number": 3,
                     *           "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *           "sizeBytes": 48213,
                     *           "contentType": "application/pdf",
                     *           "fileName": "outbox-and-leases.pdf",
                     *           "fetchedFrom": "https://dashboards.example.com/queue",
                     *           "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *           "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["EvidenceVersionPage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_addVersion: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "uploadId": "up_01jd3v8x2kf4wr6tq9m5c7h1ab"
                 *     }
                 */
                "application/json": components["schemas"]["EvidenceAddVersionBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ev_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-dashboard",
                     *       "title": "The dashboard of the queue in June",
                     *       "description": "Exported on the first of July.",
                     *       "sourceUrl": "https://dashboards.example.com/queue",
                     *       "freshForSeconds": 2592000,
                     *       "standing": "fresh",
                     *       "problem": null,
                     *       "checkedAt": "2026-11-22T09:00:00.000Z",
                     *       "latest": {
                     *         "number": 3,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "sizeBytes": 48213,
                     *         "contentType": "application/pdf",
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "fetchedFrom": "https://dashboards.example.com/queue",
                     *         "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *         "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Evidence"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_content: {
        parameters: {
            query?: {
                /** @description Its number; the latest if left out. */
                version?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Found */
            302: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "number": 3,
                     *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "sizeBytes": 48213,
                     *       "contentType": "application/pdf",
                     *       "fileName": "outbox-and-leases.pdf",
                     *       "fetchedFrom": "https://dashboards.example.com/queue",
                     *       "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *       "verifiedAt": "2026-11-22T09:00:00.000Z",
                     *       "url": "https://files.example.com/outbox-and-leases",
                     *       "expiresAt": "2026-11-22T09:35:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["EvidenceContent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_verify: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ev_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-dashboard",
                     *       "title": "The dashboard of the queue in June",
                     *       "description": "Exported on the first of July.",
                     *       "sourceUrl": "https://dashboards.example.com/queue",
                     *       "freshForSeconds": 2592000,
                     *       "standing": "fresh",
                     *       "problem": null,
                     *       "checkedAt": "2026-11-22T09:00:00.000Z",
                     *       "latest": {
                     *         "number": 3,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "sizeBytes": 48213,
                     *         "contentType": "application/pdf",
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "fetchedFrom": "https://dashboards.example.com/queue",
                     *         "fetchedAt": "2026-11-22T09:00:00.000Z",
                     *         "verifiedAt": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Evidence"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    evidence_sync: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the evidence.
                 * @example queue-dashboard
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "priority": "high"
                 *     }
                 */
                "application/json": components["schemas"]["EvidenceSyncBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Retry-After": components["headers"]["Retry-After"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_list: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "met_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "key": "lost-jobs",
                     *           "name": "Lost jobs",
                     *           "unit": "jobs a month",
                     *           "betterWhen": "down",
                     *           "description": "Accepted jobs that never ended, counted every night.",
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["MetricPage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_define: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "lost-jobs",
                 *       "name": "Lost jobs",
                 *       "unit": "jobs a month",
                 *       "betterWhen": "down",
                 *       "description": "Accepted jobs that never ended, counted every night."
                 *     }
                 */
                "application/json": components["schemas"]["MetricDefineBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "met_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "key": "lost-jobs",
                     *       "name": "Lost jobs",
                     *       "unit": "jobs a month",
                     *       "betterWhen": "down",
                     *       "description": "Accepted jobs that never ended, counted every night.",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Metric"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "met_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "key": "lost-jobs",
                     *       "name": "Lost jobs",
                     *       "unit": "jobs a month",
                     *       "betterWhen": "down",
                     *       "description": "Accepted jobs that never ended, counted every night.",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Metric"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_delete: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "name": "Lost jobs",
                 *       "unit": "jobs a month",
                 *       "betterWhen": "down",
                 *       "description": "Accepted jobs that never ended, counted every night."
                 *     }
                 */
                "application/json": components["schemas"]["MetricUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "met_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "key": "lost-jobs",
                     *       "name": "Lost jobs",
                     *       "unit": "jobs a month",
                     *       "betterWhen": "down",
                     *       "description": "Accepted jobs that never ended, counted every night.",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Metric"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_record: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "samples": [
                 *         {
                 *           "at": "2026-04-01T00:00:00.000Z",
                 *           "value": 1
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["MetricRecordBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created": 1,
                     *       "replaced": 1,
                     *       "unchanged": 1
                     *     }
                     */
                    "application/json": components["schemas"]["RecordedSamples"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_deleteSamples: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "from": "2026-01-01T00:00:00.000Z",
                 *       "to": "2026-07-01T00:00:00.000Z"
                 *     }
                 */
                "application/json": components["schemas"]["MetricDeleteSamplesBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "deleted": 1
                     *     }
                     */
                    "application/json": components["schemas"]["DeletedSamples"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_series: {
        parameters: {
            query: {
                /**
                 * @description The first moment of the range.
                 * @example 2026-01-01T00:00:00.000Z
                 */
                from: string;
                /**
                 * @description The moment at which the range ends; it does not belong to it.
                 * @example 2026-07-01T00:00:00.000Z
                 */
                to: string;
                /**
                 * @description How long each point lasts, e.g. "30s", "5m", "1h" or "1d", counted from 1970-01-01T00:00:00Z.
                 * @example 1d
                 */
                step: string;
                /** @description How values are summed up; p50 and p95 are percentiles, interpolated linearly. */
                aggregate?: "avg" | "min" | "max" | "sum" | "last" | "p50" | "p95" | "count";
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "metric": "lost-jobs",
                     *       "unit": "jobs a month",
                     *       "aggregate": "avg",
                     *       "from": "2026-01-01T00:00:00.000Z",
                     *       "to": "2026-07-01T00:00:00.000Z",
                     *       "stepSeconds": 86400,
                     *       "points": [
                     *         {
                     *           "at": "2026-04-01T00:00:00.000Z",
                     *           "value": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["MetricSeries"];
                    "text/csv": unknown;
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_compare: {
        parameters: {
            query: {
                /**
                 * @description The first moment of the range.
                 * @example 2026-01-01T00:00:00.000Z
                 */
                from: string;
                /**
                 * @description The moment at which the range ends; it does not belong to it.
                 * @example 2026-07-01T00:00:00.000Z
                 */
                to: string;
                /**
                 * @description The moment of the change: the first that is after it.
                 * @example 2026-04-01T00:00:00.000Z
                 */
                at: string;
                /** @description How values are summed up; p50 and p95 are percentiles, interpolated linearly. */
                aggregate?: "avg" | "min" | "max" | "sum" | "last" | "p50" | "p95" | "count";
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Key of the metric.
                 * @example lost-jobs
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "portfolio": "platform-team",
                     *       "metric": "lost-jobs",
                     *       "unit": "jobs a month",
                     *       "betterWhen": "down",
                     *       "aggregate": "avg",
                     *       "from": "2026-01-01T00:00:00.000Z",
                     *       "at": "2026-04-01T00:00:00.000Z",
                     *       "to": "2026-07-01T00:00:00.000Z",
                     *       "before": {
                     *         "value": 1,
                     *         "count": 1
                     *       },
                     *       "after": {
                     *         "value": 1,
                     *         "count": 1
                     *       },
                     *       "difference": 1,
                     *       "ratio": 1,
                     *       "improved": true
                     *     }
                     */
                    "application/json": components["schemas"]["MetricComparison"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    metric_report: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "metrics": [
                 *         "an-example"
                 *       ],
                 *       "from": "2026-01-01T00:00:00.000Z",
                 *       "to": "2026-07-01T00:00:00.000Z",
                 *       "step": "hour",
                 *       "format": "csv",
                 *       "priority": "high"
                 *     }
                 */
                "application/json": components["schemas"]["MetricReportBody"];
            };
        };
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Retry-After": components["headers"]["Retry-After"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_upload: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileName": "outbox-and-leases.pdf",
                 *       "contentType": "application/pdf",
                 *       "sizeBytes": 48213,
                 *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                 *     }
                 */
                "application/json": components["schemas"]["ArtifactUploadBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "up_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "url": "https://files.example.com/outbox-and-leases",
                     *       "fields": {},
                     *       "expiresAt": "2026-11-22T09:35:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Upload"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_list: {
        parameters: {
            query?: {
                /** @description Artifacts of this kind only. */
                kind?: "module" | "pipeline" | "script" | "runbook" | "policy" | "dashboard";
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "art_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "slug": "queue-module",
                     *           "kind": "module",
                     *           "title": "The queue and its dead-letter queue",
                     *           "description": "A module that both stages use.",
                     *           "licence": "Apache-2.0",
                     *           "repositoryUrl": "https://git.example.com/platform/queue",
                     *           "latestVersions": [
                     *             {
                     *               "name": "1.4.0",
                     *               "notes": "The queue keeps messages for four days.",
                     *               "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *               "file": {
                     *                 "fileName": "outbox-and-leases.pdf",
                     *                 "contentType": "application/pdf",
                     *                 "sizeBytes": 48213,
                     *                 "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *               },
                     *               "createdAt": "2026-11-22T09:00:00.000Z"
                     *             }
                     *           ],
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ArtifactPage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "slug": "queue-module",
                 *       "kind": "module",
                 *       "title": "The queue and its dead-letter queue",
                 *       "description": "A module that both stages use.",
                 *       "licence": "Apache-2.0",
                 *       "repositoryUrl": "https://git.example.com/platform/queue"
                 *     }
                 */
                "application/json": components["schemas"]["ArtifactCreateBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "art_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-module",
                     *       "kind": "module",
                     *       "title": "The queue and its dead-letter queue",
                     *       "description": "A module that both stages use.",
                     *       "licence": "Apache-2.0",
                     *       "repositoryUrl": "https://git.example.com/platform/queue",
                     *       "latestVersions": [
                     *         {
                     *           "name": "1.4.0",
                     *           "notes": "The queue keeps messages for four days.",
                     *           "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *           "file": {
                     *             "fileName": "outbox-and-leases.pdf",
                     *             "contentType": "application/pdf",
                     *             "sizeBytes": 48213,
                     *             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *           },
                     *           "createdAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_read: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the artifact.
                 * @example queue-module
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "art_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-module",
                     *       "kind": "module",
                     *       "title": "The queue and its dead-letter queue",
                     *       "description": "A module that both stages use.",
                     *       "licence": "Apache-2.0",
                     *       "repositoryUrl": "https://git.example.com/platform/queue",
                     *       "latestVersions": [
                     *         {
                     *           "name": "1.4.0",
                     *           "notes": "The queue keeps messages for four days.",
                     *           "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *           "file": {
                     *             "fileName": "outbox-and-leases.pdf",
                     *             "contentType": "application/pdf",
                     *             "sizeBytes": 48213,
                     *             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *           },
                     *           "createdAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_delete: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the artifact.
                 * @example queue-module
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_update: {
        parameters: {
            query?: never;
            header: {
                /**
                 * @description The ETag of the version that the change was made for; `*` changes whatever is there. Without it the answer is 428, and 412 where the thing was changed meanwhile.
                 * @example "42"
                 */
                "If-Match": components["parameters"]["IfMatch"];
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the artifact.
                 * @example queue-module
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "kind": "module",
                 *       "title": "The queue and its dead-letter queue",
                 *       "description": "A module that both stages use.",
                 *       "licence": "Apache-2.0",
                 *       "repositoryUrl": "https://git.example.com/platform/queue"
                 *     }
                 */
                "application/json": components["schemas"]["ArtifactUpdateBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "art_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "slug": "queue-module",
                     *       "kind": "module",
                     *       "title": "The queue and its dead-letter queue",
                     *       "description": "A module that both stages use.",
                     *       "licence": "Apache-2.0",
                     *       "repositoryUrl": "https://git.example.com/platform/queue",
                     *       "latestVersions": [
                     *         {
                     *           "name": "1.4.0",
                     *           "notes": "The queue keeps messages for four days.",
                     *           "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *           "file": {
                     *             "fileName": "outbox-and-leases.pdf",
                     *             "contentType": "application/pdf",
                     *             "sizeBytes": 48213,
                     *             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *           },
                     *           "createdAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Artifact"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            428: components["responses"]["PreconditionRequired"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_versions: {
        parameters: {
            query?: {
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: {
                /**
                 * @description The ETag of what the client has: the answer is 304 where that is still so.
                 * @example "42"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the artifact.
                 * @example queue-module
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "name": "1.4.0",
                     *           "notes": "The queue keeps messages for four days.",
                     *           "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *           "file": {
                     *             "fileName": "outbox-and-leases.pdf",
                     *             "contentType": "application/pdf",
                     *             "sizeBytes": 48213,
                     *             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *           },
                     *           "createdAt": "2026-11-22T09:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ArtifactVersionPage"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_addVersion: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the artifact.
                 * @example queue-module
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "1.4.0",
                 *       "notes": "The queue keeps messages for four days.",
                 *       "uploadId": "up_01jd3v8x2kf4wr6tq9m5c7h1ab"
                 *     }
                 */
                "application/json": components["schemas"]["ArtifactAddVersionBody"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "1.4.0",
                     *       "notes": "The queue keeps messages for four days.",
                     *       "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *       "file": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *       },
                     *       "createdAt": "2026-11-22T09:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["ArtifactVersion"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    artifact_content: {
        parameters: {
            query?: {
                /** @description Its name; the newest if left out. */
                version?: string;
            };
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Slug of the artifact.
                 * @example queue-module
                 */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Found */
            302: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "name": "Platform team",
                     *       "notes": "The queue keeps messages for four days.",
                     *       "referenceUrl": "https://git.example.com/platform/queue/releases/1.4.0",
                     *       "file": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *       },
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "url": "https://files.example.com/outbox-and-leases",
                     *       "expiresAt": "2026-11-22T09:35:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["ArtifactContent"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    image_upload: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "image/png": string;
                "image/jpeg": string;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "url": "/api/v1/portfolios/platform-team/images/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "contentType": "image/png",
                     *       "sizeBytes": 48213
                     *     }
                     */
                    "application/json": components["schemas"]["Image"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    image_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
                /**
                 * @description Hexadecimal SHA-256 of the bytes.
                 * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
                 */
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Found */
            302: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "url": "/api/v1/portfolios/platform-team/images/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "contentType": "image/png",
                     *       "sizeBytes": 48213,
                     *       "downloadUrl": "https://files.example.com/outbox-and-leases"
                     *     }
                     */
                    "application/json": components["schemas"]["ImageLink"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_list: {
        parameters: {
            query?: {
                /** @description Jobs of this portfolio only. */
                portfolio?: string;
                /** @description Jobs in one of these states only. */
                state?: ("queued" | "running" | "succeeded" | "failed" | "cancelled" | "dead")[];
                /** @description Jobs of this kind only. */
                kind?: "export.pdf" | "evidence.sync" | "metrics.report" | "webhook.deliver";
                /** @description Jobs that this subject asked for only. */
                requestedBy?: string;
                /** @description Jobs created at this time or later only. */
                createdAfter?: string;
                /** @description Jobs created before this time only. */
                createdBefore?: string;
                /** @description How many items at most. */
                limit?: number;
                /** @description `nextCursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *           "portfolio": "platform-team",
                     *           "kind": "export.pdf",
                     *           "title": "An outbox, leases and no lost job",
                     *           "state": "succeeded",
                     *           "priority": "high",
                     *           "attempt": 1,
                     *           "maxAttempts": 5,
                     *           "progress": 1,
                     *           "step": "Storing the file",
                     *           "result": {
                     *             "fileName": "outbox-and-leases.pdf",
                     *             "contentType": "application/pdf",
                     *             "sizeBytes": 48213,
                     *             "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *             "pages": 12,
                     *             "asOf": "2026-11-22T09:00:00.000Z"
                     *           },
                     *           "error": null,
                     *           "requestedBy": "maria",
                     *           "lastSeq": 7,
                     *           "stalled": true,
                     *           "retryAt": null,
                     *           "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z",
                     *           "startedAt": "2026-11-22T09:00:01.000Z",
                     *           "finishedAt": "2026-11-22T09:00:04.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_changes: {
        parameters: {
            query?: {
                /** @description `updatedAt` of the last job that was received. */
                lastEventId?: string;
            };
            header?: {
                /**
                 * @description The `id` of the last event that was received: the stream goes on after it. Browsers send it by themselves.
                 * @example 7
                 */
                "Last-Event-ID"?: components["parameters"]["LastEventId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `data` is a Job in JSON, `id` the cursor to resume from. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 7
                     *     data: {"id":"job_01jd3v8x2kf4wr6tq9m5c7h1ab","portfolio":"platform-team","kind":"export.pdf","title":"An outbox, leases and no lost job","state":"succeeded","priority":"high","attempt":1,"maxAttempts":5,"progress":1,"step":"Storing the file","result":{"fileName":"outbox-and-leases.pdf","contentType":"application/pdf","sizeBytes":48213,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","pages":12,"asOf":"2026-11-22T09:00:00.000Z"},"error":null,"requestedBy":"maria","lastSeq":7,"stalled":true,"retryAt":null,"cancelRequestedAt":"2026-11-22T09:00:00.000Z","createdAt":"2026-11-22T09:00:00.000Z","updatedAt":"2026-11-22T09:00:04.000Z","startedAt":"2026-11-22T09:00:01.000Z","finishedAt":"2026-11-22T09:00:04.000Z"}
                     */
                    "text/event-stream": unknown;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_read: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the job.
                 * @example job_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_events: {
        parameters: {
            query?: {
                /** @description `seq` of the last event that was received. */
                lastEventId?: string;
            };
            header?: {
                /**
                 * @description The `id` of the last event that was received: the stream goes on after it. Browsers send it by themselves.
                 * @example 7
                 */
                "Last-Event-ID"?: components["parameters"]["LastEventId"];
            };
            path: {
                /**
                 * @description Id of the job.
                 * @example job_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `data` is a JobStreamItem in JSON, `id` the cursor to resume from. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["Cache-Control"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 7
                     *     data: {"type":"snapshot","job":{"id":"job_01jd3v8x2kf4wr6tq9m5c7h1ab","portfolio":"platform-team","kind":"export.pdf","title":"An outbox, leases and no lost job","state":"succeeded","priority":"high","attempt":1,"maxAttempts":5,"progress":1,"step":"Storing the file","result":{"fileName":"outbox-and-leases.pdf","contentType":"application/pdf","sizeBytes":48213,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","pages":12,"asOf":"2026-11-22T09:00:00.000Z"},"error":null,"requestedBy":"maria","lastSeq":7,"stalled":true,"retryAt":null,"cancelRequestedAt":"2026-11-22T09:00:00.000Z","createdAt":"2026-11-22T09:00:00.000Z","updatedAt":"2026-11-22T09:00:04.000Z","startedAt":"2026-11-22T09:00:01.000Z","finishedAt":"2026-11-22T09:00:04.000Z"}}
                     */
                    "text/event-stream": unknown;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_result: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the job.
                 * @example job_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Found */
            302: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Cache-Control": components["headers"]["Cache-Control"];
                    Vary: components["headers"]["Vary"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "fileName": "outbox-and-leases.pdf",
                     *       "contentType": "application/pdf",
                     *       "sizeBytes": 48213,
                     *       "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "pages": 12,
                     *       "url": "https://files.example.com/outbox-and-leases",
                     *       "expiresAt": "2026-11-22T09:35:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["JobResult"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_cancel: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the job.
                 * @example job_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_retry: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Id of the job.
                 * @example job_01jd3v8x2kf4wr6tq9m5c7h1ab
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "job_01jd3v8x2kf4wr6tq9m5c7h1ab",
                     *       "portfolio": "platform-team",
                     *       "kind": "export.pdf",
                     *       "title": "An outbox, leases and no lost job",
                     *       "state": "succeeded",
                     *       "priority": "high",
                     *       "attempt": 1,
                     *       "maxAttempts": 5,
                     *       "progress": 1,
                     *       "step": "Storing the file",
                     *       "result": {
                     *         "fileName": "outbox-and-leases.pdf",
                     *         "contentType": "application/pdf",
                     *         "sizeBytes": 48213,
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "pages": 12,
                     *         "asOf": "2026-11-22T09:00:00.000Z"
                     *       },
                     *       "error": null,
                     *       "requestedBy": "maria",
                     *       "lastSeq": 7,
                     *       "stalled": true,
                     *       "retryAt": null,
                     *       "cancelRequestedAt": "2026-11-22T09:00:00.000Z",
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "startedAt": "2026-11-22T09:00:01.000Z",
                     *       "finishedAt": "2026-11-22T09:00:04.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_cancelMany: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "kind": "export.pdf",
                 *       "requestedBy": "maria",
                 *       "createdAfter": "2026-11-22T09:00:00.000Z",
                 *       "createdBefore": "2026-11-22T09:00:00.000Z",
                 *       "limit": 20,
                 *       "state": [
                 *         "queued"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["JobCancelManyBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "changed": 1,
                     *       "hasMore": true
                     *     }
                     */
                    "application/json": components["schemas"]["JobsChanged"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    job_retryMany: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Up to the client, e.g. a UUID. A repeat with the same key does nothing again and gets the first answer.
                 * @example 5f0c8a52-6c1d-4d8e-9a37-2b1f0e6d4c55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
            };
            path: {
                /**
                 * @description Slug of the portfolio.
                 * @example platform-team
                 */
                portfolio: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "kind": "export.pdf",
                 *       "requestedBy": "maria",
                 *       "createdAfter": "2026-11-22T09:00:00.000Z",
                 *       "createdBefore": "2026-11-22T09:00:00.000Z",
                 *       "limit": 20,
                 *       "state": [
                 *         "failed"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["JobRetryManyBody"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "changed": 1,
                     *       "hasMore": true
                     *     }
                     */
                    "application/json": components["schemas"]["JobsChanged"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
