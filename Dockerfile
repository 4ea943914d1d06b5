# The bundled components on a Node 24 base. Build the bundle first: npm run build
ARG BASE=node:24-bookworm-slim
FROM ${BASE}
COPY dist/operator.mjs dist/controller.mjs /app/
WORKDIR /app
ENV NODE_ENV=production
USER 65532:65532
ENTRYPOINT ["node", "--max-semi-space-size=1"]
CMD ["/app/operator.mjs"]
