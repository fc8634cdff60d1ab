// Written by `npm run openapi`.

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
    "/api/v1/portfolios/{portfolio}/case-studies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the case studies of a portfolio, newest first, without their bodies.
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
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change the given fields of a case study.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.update`.
         */
        patch: operations["caseStudy_update"];
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
         * Publish a case study for everybody to read; a published one stays as it is.
         * @description Scope: `case-study:write`. tRPC: `caseStudy.publish`.
         */
        post: operations["caseStudy_publish"];
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
         * Watch a job: a snapshot, then every event until it is done. Resumes after `lastEventId`.
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
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
            /** @enum {string} */
            status: "draft" | "published" | "archived";
            /** Format: int64 */
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            publishedAt: string | null;
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
            version: number;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            publishedAt: string | null;
        };
        Job: {
            id: string;
            portfolio: string;
            /** @enum {string} */
            kind: "export.pdf";
            title: string;
            /** @enum {string} */
            state: "queued" | "running" | "succeeded" | "failed";
            /** Format: int64 */
            attempt: number;
            /** Format: int64 */
            maxAttempts: number;
            progress: number;
            step: string | null;
            result: {
                fileName: string;
                contentType: string;
                /** Format: int64 */
                sizeBytes: number;
                /** @description Hexadecimal SHA-256 of the file. */
                sha256: string;
                /** Format: int64 */
                pages: number;
            } | null;
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
            retryAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            startedAt: string | null;
            finishedAt: string | null;
        };
        JobEvent: {
            /** Format: int64 */
            seq: number;
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            type: "queued" | "started" | "progress" | "retrying" | "lost" | "succeeded" | "failed";
            /** @enum {string} */
            state: "queued" | "running" | "succeeded" | "failed";
            /** Format: int64 */
            attempt: number;
            progress: number;
            step: string | null;
            error: {
                code: string;
                message: string;
            } | null;
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
        JobResult: {
            fileName: string;
            contentType: string;
            /** Format: int64 */
            sizeBytes: number;
            /** @description Hexadecimal SHA-256 of the file. */
            sha256: string;
            /** Format: int64 */
            pages: number;
            /** Format: uri */
            url: string;
            /** Format: date-time */
            expiresAt: string;
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
        PortfolioPage: {
            items: components["schemas"]["Portfolio"][];
            nextCursor: string | null;
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
        PortfolioUpdateBody: {
            name?: string;
            tagline?: string;
            /** @description Markdown. */
            description?: string;
        };
        CaseStudyItemPage: {
            items: components["schemas"]["CaseStudyItem"][];
            nextCursor: string | null;
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
        };
        JobPage: {
            items: components["schemas"]["Job"][];
            nextCursor: string | null;
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
                    "Cache-Status": components["headers"]["Cache-Status"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
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
        requestBody: {
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
    caseStudy_list: {
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
                     *           "version": 42,
                     *           "createdAt": "2026-11-22T09:00:00.000Z",
                     *           "updatedAt": "2026-11-22T09:00:04.000Z",
                     *           "publishedAt": "2026-11-22T09:30:00.000Z"
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
                 *       "language": "en"
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
                     *       "status": "published",
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
            409: components["responses"]["Conflict"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
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
                     *       "status": "published",
                     *       "version": 42,
                     *       "createdAt": "2026-11-22T09:00:00.000Z",
                     *       "updatedAt": "2026-11-22T09:00:04.000Z",
                     *       "publishedAt": "2026-11-22T09:30:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["CaseStudy"];
                };
            };
            /** @description The client has this already. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["Cache-Control"];
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
            422: components["responses"]["UnprocessableEntity"];
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
        requestBody: {
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
                 *       "language": "en"
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
                     *       "status": "published",
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
                     *       "status": "published",
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
        requestBody?: never;
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
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
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
                /** @description Jobs in this state only. */
                state?: "queued" | "running" | "succeeded" | "failed";
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
                    Link: components["headers"]["Link"];
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
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
                     *     data: undefined
                     */
                    "text/event-stream": unknown;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
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
                    RateLimit: components["headers"]["RateLimit"];
                    "RateLimit-Policy": components["headers"]["RateLimit-Policy"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
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
                     *     data: null
                     */
                    "text/event-stream": unknown;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
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
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
