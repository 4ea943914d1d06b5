# The bundled components, and the command line, on a Node 24 base. Build the bundle first: npm run build
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
COPY dist/operator.mjs dist/controller.mjs dist/kimup.mjs /app/
WORKDIR /app
ENV NODE_ENV=production
USER 65532:65532
# Little memory, and as much of it as the container's limit leaves room for: docs/decisions/0008-a-small-heap.md
ENTRYPOINT ["node", "--max-semi-space-size=16", "--heap-growing-percent=30", "--max-old-space-size-percentage=75"]
CMD ["/app/operator.mjs"]
