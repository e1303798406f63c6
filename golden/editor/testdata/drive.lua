-- Drives Neovim as a person would, with what comes with it since 0.7, and says
-- what it saw in the file $REPORT.
local report = { Steps = {}, First = {}, Words = {} }

local function finish()
  local f = assert(io.open(vim.env.REPORT, "w"))
  f:write(vim.json.encode(report))
  f:close()
  vim.cmd("qall!")
end

-- Waits for something that the server or the editor does.
local function await(what, ready)
  if not vim.wait(30000, ready, 10) then
    error("waited in vain for " .. what)
  end
  table.insert(report.Steps, what)
end

local function line(n)
  return vim.api.nvim_buf_get_lines(0, n, n + 1, false)[1]
end

-- Puts the cursor on a character of a line; both count from 0.
local function put(row, column)
  vim.api.nvim_win_set_cursor(0, { row + 1, column })
end

local function drive()
  vim.cmd("edit manifests/m.yaml")
  local buffer = vim.api.nvim_get_current_buf()
  local exit
  local client = vim.lsp.start_client({
    name = "homestak",
    cmd = { vim.env.HOMESTAK, "lsp" },
    root_dir = vim.fn.getcwd(),
    on_exit = function(code) exit = code end,
  })
  assert(vim.lsp.buf_attach_client(buffer, client))

  local function mistakes()
    return vim.diagnostic.get(buffer)
  end
  await("the mistakes", function() return #mistakes() == 2 end)
  for _, d in ipairs(mistakes()) do
    table.insert(report.First, { Line = d.lnum, Column = d.col, Code = d.code or d.user_data.lsp.code, Severity = d.severity })
  end
  table.sort(report.First, function(a, b) return a.Line < b.Line end)

  -- The first action that is offered at the mistake.
  vim.ui.select = function(items, _, choose)
    local item = items[1]
    report.Action = (item.action or item[2]).title
    choose(item, 1)
  end
  put(5, 14)
  vim.lsp.buf.code_action()
  await("the code action", function() return line(5) ~= "    preset: vm-smal" end)
  report.Fixed = line(5)
  await("one mistake less", function() return #mistakes() == 1 end)

  -- What could stand in place of the unknown image.
  vim.api.nvim_buf_set_lines(0, 8, 9, false, { "    image: debian-12" })
  local answers = vim.lsp.buf_request_sync(0, "textDocument/completion", {
    textDocument = vim.lsp.util.make_text_document_params(),
    position = { line = 8, character = 14 },
  }, 30000)
  for _, answer in pairs(answers) do
    for _, item in ipairs(answer.result.items) do
      if item.label == "debian-12" then
        table.insert(report.Words, item.label)
      end
    end
  end
  await("no mistake", function() return #mistakes() == 0 end)

  local format = vim.lsp.buf.format or function() vim.lsp.buf.formatting_sync(nil, 30000) end
  format()
  await("the format", function() return line(0) == "schema_version: 2" end)

  put(4, 11)
  vim.lsp.buf_request(0, "textDocument/hover", vim.lsp.util.make_position_params(0, "utf-16"), function(_, result)
    report.Hover = result ~= nil and result.contents.value ~= ""
  end)
  await("the hover", function() return report.Hover ~= nil end)

  vim.lsp.buf.definition()
  await("the spec's file", function() return vim.fn.bufname():match("specs/") ~= nil end)
  report.Jumped = vim.fn.fnamemodify(vim.fn.bufname(), ":.")

  vim.cmd("buffer " .. buffer)
  put(4, 11)
  vim.lsp.buf.rename("site-web")
  await("the new name", function() return line(4) == "    spec: site-web" end)
  vim.cmd("wall")
  await("no mistake after all", function() return #mistakes() == 0 end)

  vim.lsp.stop_client(client)
  await("the server's end", function() return exit ~= nil end)
  report.Exit = exit
end

local ok, err = pcall(drive)
if not ok then
  report.Failed = tostring(err)
end
finish()
